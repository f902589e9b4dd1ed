#include "history/journal_files.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace dns_tools::history {

using std::chrono::milliseconds;

namespace {

// Of these a full journal has eight, and a large one sixteen: each has a descriptor.
constexpr std::size_t min_segment = 128 * 1024;
constexpr std::size_t ordinary_segment = 8 * 1024 * 1024;
constexpr std::size_t max_segment = 1024 * 1024 * 1024;  // offsets in it have 32 bits

// One to go on in, and one so that a steady flow makes and removes no files.
constexpr std::size_t spares_kept = 2;

// After a folder was found there may be more.
constexpr milliseconds look_again{100};

std::size_t segment_size_for(std::size_t size) {
    const auto wanted = std::max(std::min(size / 8, ordinary_segment), size / 16);
    return std::clamp(wanted, min_segment, max_segment) / SegmentFile::page * SegmentFile::page;
}

}  // namespace

/// What an attempt to make room came to.
struct JournalFiles::Made {
    std::shared_ptr<JournalFolder> folder;
    bool claimed = false;           // just now
    std::vector<std::string> left;  // the files that were in it then
    std::uint64_t left_bytes = 0;
    std::shared_ptr<SegmentFile> file;
    std::string error;
    JournalNews news;
};

struct JournalFiles::Found {
    bool folder_in_place = true;
    std::optional<LoadedFolder> own;
    std::optional<LoadedFolder> adopted;
    LeftRecords left;
    JournalNews news;
};

JournalFiles::JournalFiles(EventLoop& loop, Random& random, JournalObserver& observer, Owner& owner,
                           const JournalOptions& options, Disk& disk)
    : random_(random),
      observer_(observer),
      owner_(owner),
      options_(options),
      disk_(disk),
      segment_size_(segment_size_for(options.size)),
      finder_(std::make_shared<JournalFinder>(options, disk)),
      backoff_(options.first_pause, options.longest_pause),
      retry_timer_(loop.make_timer([this] { replenish(); })),
      look_timer_(loop.make_timer([this] { look(); })),
      helper_(std::in_place, loop) {}

void JournalFiles::start() {
    made(make(nullptr, new_identity()));
    look();
}

void JournalFiles::drain() noexcept {
    draining_ = true;
    finder_->stop();
    look_timer_->disarm();
}

/// Greater than any before, also than those of other workers in the same folder.
SegmentFile::Identity JournalFiles::new_identity() {
    const auto now = std::chrono::duration_cast<std::chrono::nanoseconds>(
        std::chrono::system_clock::now().time_since_epoch());
    last_sequence_ = std::max(last_sequence_ + 1, static_cast<std::uint64_t>(now.count()));
    return {last_sequence_, random_.next64()};
}

/// Makes an empty segment in `folder`, or in one that is taken now. Throws nothing.
JournalFiles::Made JournalFiles::make(std::shared_ptr<JournalFolder> folder,
                                      SegmentFile::Identity identity) const {
    Made made;
    made.folder = std::move(folder);
    try {
        if (made.folder == nullptr) {
            // A folder whose backlog is not known is not taken: it would be removed with it.
            auto claimed = finder_->claim(made.news);
            made.left = claimed->segments();
            made.left_bytes = claimed->bytes();
            made.folder = std::move(claimed);
            made.claimed = true;
        }
        if (made.left_bytes + segment_size_ <= options_.size) {
            const auto path = made.folder->segment_path(identity.sequence);
            made.file = SegmentFile::create(path, segment_size_, identity);
            bring_to_disk(*made.folder, *made.file);
        }
    } catch (const std::exception& error) {
        made.file.reset();
        made.error = error.what();
    }
    return made;
}

/// What is appended later is synced by itself; the file's name is not.
void JournalFiles::bring_to_disk(const JournalFolder& folder, const SegmentFile& file) const {
    if (options_.sync == JournalSyncMode::off) {
        return;
    }
    try {
        if (const int error = disk_.sync(file.fd()); error != 0) {
            throw DiskError("cannot sync", file.path(), error);
        }
        sync_folder(folder.path());
    } catch (const DiskError&) {
        file.remove();
        throw;
    }
}

void JournalFiles::made(Made made) {
    tell(made.news);
    if (made.claimed) {
        folder_ = made.folder;
        left_ = std::move(made.left);
        left_bytes_ = made.left_bytes;
        bytes_ += left_bytes_;
    } else if (made.folder != folder_) {
        return;  // it was lost in the meantime
    }
    if (!made.error.empty()) {
        failed(made.error);
        return owner_.no_spare_made();
    }
    add_spare(std::move(made.file));
}

/// Room was made, or would be if there were not enough: with `file` null.
void JournalFiles::add_spare(std::shared_ptr<SegmentFile> file) {
    backoff_.reset();
    retry_timer_->disarm();
    if (!up_) {
        up_ = true;
        reason_.clear();
        observer_.journal_up();
    }
    if (file != nullptr) {
        bytes_ += segment_size_;
        spares_.push_back(std::move(file));
        owner_.spare_made();
    }
}

void JournalFiles::failed(const std::string& why) {
    up_ = false;
    reason_ = why;
    observer_.journal_down(why);
    retry_timer_->arm(backoff_.next(random_), OnExit::abandon);
}

std::shared_ptr<SegmentFile> JournalFiles::take_spare() {
    auto spare = std::move(spares_.front());
    spares_.pop_front();
    return spare;
}

void JournalFiles::replenish() {
    const bool room = folder_ == nullptr || bytes_ + segment_size_ <= options_.size;
    if (making_ || !room || retry_timer_->armed()) {
        return;
    }
    making_ = true;
    const auto result = std::make_shared<Made>();
    helper_->run([this, result, folder = folder_,
                  identity = new_identity()] { *result = make(folder, identity); },
                 [this, result] {
                     making_ = false;
                     made(std::move(*result));
                 });
}

/// Looks for what others left, and whether the own folder still is there.
void JournalFiles::look() {
    const std::uint64_t room = options_.size - std::min<std::uint64_t>(bytes_, options_.size);
    const std::uint64_t max_bytes = owner_.takes_any_folder() ? ~std::uint64_t{0} : room;
    const auto found = std::make_shared<Found>();
    helper_->run(
        [found, finder = finder_, folder = folder_, left = left_, max_bytes] {
            found->folder_in_place = folder == nullptr || folder->in_place();
            if (!left.empty() && found->folder_in_place) {
                found->own = finder->load(folder, left, found->news);
            }
            // Without its lock the own folder may look like one that nobody holds.
            if (!found->own && found->folder_in_place) {
                found->adopted = finder->adopt(max_bytes, found->left, found->news);
            }
        },
        [this, found] { looked(*found); });
}

void JournalFiles::looked(Found& found) {
    tell(found.news);
    if (draining_) {
        return;  // what was found stays where it is, for somebody else
    }
    if (!found.folder_in_place) {
        lose_folder();
    } else if (found.own) {
        left_ = std::move(found.own->later);
        bytes_ -= std::exchange(left_bytes_, found.own->later_bytes);
        bytes_ += left_bytes_;
    }
    const bool more = found.own || found.adopted;
    if (!more) {
        observer_.journal_left(found.left.records, found.left.oldest);
    }
    for (auto* const loaded : {&found.own, &found.adopted}) {
        if (*loaded && (*loaded)->records > 0) {
            bytes_ += (*loaded)->bytes;
            owner_.loaded(std::move(**loaded));
        }
    }
    if (found.own) {
        replenish();  // what was in the way may have been nothing but empty files
    }
    const auto interval = options_.adopt_interval;
    const milliseconds jitter(random_.below(static_cast<std::uint64_t>(interval.count()) + 1));
    look_timer_->arm(more ? std::min(look_again, interval) : interval / 2 + jitter,
                     OnExit::abandon);
}

void JournalFiles::lose_folder() {
    const std::string path = folder_->path();
    folder_.reset();
    bytes_ -= spares_.size() * segment_size_ + std::exchange(left_bytes_, 0);
    spares_.clear();
    left_.clear();
    owner_.folder_lost();
    failed("the folder \"" + path + "\", or its lock, was removed while it was in use");
}

void JournalFiles::trim(const std::shared_ptr<SegmentFile>& file, std::uint32_t end) {
    const auto freed = std::make_shared<std::size_t>(0);
    helper_->run([file, end, freed] { *freed = file->size() - file->trim(end); },
                 [this, freed] { bytes_ -= *freed; });
}

void JournalFiles::retire(JournalSegments::Segment segment, bool last) {
    const auto folder = segment.folder;
    if (segment.reusable && folder == folder_ && spares_.size() + recycling_.size() < spares_kept) {
        recycle(std::move(segment));
    } else {
        unlink(std::move(segment));
    }
    if (last && folder != folder_) {
        remove(folder);
    }
}

void JournalFiles::recycle(JournalSegments::Segment segment) {
    recycling_.push_back(segment.file);
    helper_->run([file = segment.file, identity = new_identity()] { file->recycle(identity); },
                 [this, file = segment.file, folder = segment.folder] {
                     if (std::erase(recycling_, file) == 0) {
                         return unlink({.folder = folder, .file = file, .runs = {}});
                     }
                     bytes_ -= segment_size_;
                     if (folder == folder_) {
                         add_spare(file);
                     }
                 });
}

void JournalFiles::spoil(const std::shared_ptr<SegmentFile>& file) {
    std::erase(recycling_, file);  // who makes it empty removes it then
    if (std::erase(spares_, file) != 0) {
        unlink({.folder = folder_, .file = file, .runs = {}});
    }
}

void JournalFiles::unlink(JournalSegments::Segment segment) {
    struct Outcome {
        std::size_t freed = 0;
        JournalNews news;
    };
    const auto outcome = std::make_shared<Outcome>();
    // The job is the last to hold the file: unmapping it takes a while.
    helper_->run(
        [file = std::move(segment.file), folder = std::move(segment.folder), outcome] {
            outcome->freed = file->size_on_disk();
            folder->discard(file->path());
            outcome->news.not_kept = folder->take_not_kept();
        },
        [this, outcome] {
            bytes_ -= outcome->freed;
            tell(outcome->news);
        });
}

void JournalFiles::remove(std::shared_ptr<JournalFolder> folder) {
    const auto news = std::make_shared<JournalNews>();
    helper_->run(
        [finder = finder_, folder = std::move(folder), news] { finder->remove(folder, *news); },
        [this, news] { tell(*news); });
}

void JournalFiles::finish(bool folder_is_empty) noexcept {
    finder_->stop();
    helper_.reset();
    if (folder_ != nullptr && folder_is_empty && left_.empty()) {
        folder_->remove();
    }
}

void JournalFiles::tell(const JournalNews& news) {
    for (const auto& [file, damage] : news.damages) {
        const auto why = "at byte " + std::to_string(damage.offset) + ": " + damage.why;
        observer_.journal_damaged(file, damage.bytes, why);
    }
    for (const auto& file : news.newer_files) {
        observer_.journal_newer_version(file);
    }
    for (const auto& [folder, why] : news.left_alone) {
        observer_.journal_left_alone(folder, why);
    }
    for (const auto& file : news.not_kept) {
        observer_.journal_not_set_aside(file);
    }
}

}  // namespace dns_tools::history
