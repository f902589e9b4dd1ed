#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "history/segment_file.hpp"
#include "history/segment_header.hpp"

namespace dns_tools::history {

namespace {

constexpr auto page = SegmentFile::page;

// A disk that is dead may take long over each page.
constexpr std::size_t max_bad_pages = 64;

UniqueFd open_segment(const std::string& path, int flags) {
    return UniqueFd(open(path.c_str(), flags | O_NOFOLLOW | O_CLOEXEC));
}

std::size_t size_of(int fd, const std::string& path) {
    struct stat status;
    if (fstat(fd, &status) != 0) {
        throw DiskError("cannot look at", path, errno);
    }
    return static_cast<std::size_t>(status.st_size);
}

}  // namespace

/// Takes apart one file that its writer left.
class SegmentLoader {
public:
    SegmentLoader(const std::string& path, Disk& disk, LoadLimits& limits);

    LoadedSegment load();
    static void damages_told(const LoadedSegment& segment) noexcept;

private:
    void map();
    void salvage(std::size_t from);
    void bad(std::size_t begin, std::size_t end);
    void blank(std::size_t begin, std::size_t end);
    bool read(std::byte* out, std::size_t at, std::size_t size);
    std::uint64_t unreadable(std::uint64_t begin, std::uint64_t end) const noexcept;
    const char* why(std::uint64_t begin, std::uint64_t end, const char* otherwise) const noexcept;
    bool choose_header();
    bool all_zero() const noexcept;
    void bring_to_disk();
    void scan();
    void report_gaps(const FrameScan& found);
    void report_tail(const FrameScan& found);
    void skip_acknowledged();
    void prepare_hints();
    void damaged(std::uint64_t offset, std::uint64_t bytes, const char* why) {
        loaded_.damages.push_back({offset, bytes, why});
    }

    Disk& disk_;
    LoadLimits& limits_;
    std::shared_ptr<SegmentFile> file_;
    std::size_t file_size_;
    std::vector<Extent> bad_;  // what the disk does not give
    bool may_write_ = true;
    bool hints_ = true;  // may be written
    bool header_was_whole_ = false;
    SegmentHeader header_{};
    std::uint32_t acknowledged_ = SegmentFile::first_frame;
    LoadedSegment loaded_;
};

SegmentLoader::SegmentLoader(const std::string& path, Disk& disk, LoadLimits& limits)
    : disk_(disk), limits_(limits) {
    UniqueFd fd = open_segment(path, O_RDWR);
    if (!fd && (errno == EACCES || errno == EROFS)) {
        may_write_ = false;
        fd = open_segment(path, O_RDONLY);
    }
    if (!fd) {
        throw DiskError("cannot open", path, errno);
    }
    file_size_ = size_of(fd.get(), path);
    file_.reset(new SegmentFile(path, std::move(fd), file_size_));
}

LoadedSegment SegmentLoader::load() {
    if (file_size_ > 0) {
        map();
        loaded_.unreadable = !bad_.empty();
        bring_to_disk();
    }
    if (all_zero()) {
        return std::move(loaded_);  // it was never begun
    }
    if (!choose_header()) {
        damaged(0, file_size_,
                why(0, SegmentFile::first_frame, "neither copy of the header is whole"));
        return std::move(loaded_);
    }
    scan();
    if (loaded_.records > 0) {
        // A file without any may have been made empty just when its worker was killed.
        if (!header_was_whole_) {
            damaged(0, SegmentFile::header_size, "the header is not whole, its copy is used");
            loaded_.made_size = header_.size;
        }
        prepare_hints();
        loaded_.file = std::move(file_);
    }
    return std::move(loaded_);
}

/// A bad sector under a mapping would be SIGBUS; read(2) only says so.
void SegmentLoader::map() {
    std::array<std::byte, 64 * 1024> buffer;
    std::size_t at = 0;
    while (at < file_size_ && read(buffer.data(), at, std::min(buffer.size(), file_size_ - at))) {
        at += buffer.size();
    }
    file_->frames_ = Mapping(file_->fd(), file_size_, false);
    if (!file_->frames_) {
        throw DiskError("cannot map", file_->path(), errno);
    }
    if (at < file_size_) {
        salvage(at);
    }
}

/// Finds the pages that the disk does not give and puts others in their place, with what it gives
/// of them and zeros: nobody touches the file's then. The rest stays the file's, which may be
/// larger than the memory there is.
void SegmentLoader::salvage(std::size_t from) {
    const std::size_t unit = Mapping::page();
    std::vector<std::byte> buffer(unit);
    for (std::size_t at = from / unit * unit; at < file_size_; at += unit) {
        const auto end = std::min(at + unit, file_size_);
        const bool enough = bad_.size() >= max_bad_pages || limits_.exhausted();
        std::fill(buffer.begin(), buffer.end(), std::byte{});
        if (read(buffer.data(), at, end - at)) {
            continue;
        }
        if (enough) {
            blank(at, file_size_);
            return bad(at, file_size_);
        }
        blank(at, end);
        // The machine's pages may be larger than the disk's; and what was read before the failure
        // is there.
        for (std::size_t part = at; part < end; part += page) {
            const auto part_end = std::min(part + page, end);
            if (end - at <= page || !read(buffer.data() + (part - at), part, part_end - part)) {
                bad(part, part_end);
            }
        }
        std::memcpy(file_->frames_.data() + at, buffer.data(), end - at);
    }
}

void SegmentLoader::bad(std::size_t begin, std::size_t end) {
    bad_.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)});
}

void SegmentLoader::blank(std::size_t begin, std::size_t end) {
    if (!file_->frames_.blank(begin, end)) {
        throw DiskError("cannot map", file_->path(), errno);
    }
}

/// False when the disk does not give all of it.
bool SegmentLoader::read(std::byte* out, std::size_t at, std::size_t size) {
    if (limits_.stop != nullptr && *limits_.stop) {
        throw LoadStopped();
    }
    const auto began = std::chrono::steady_clock::now();
    for (std::size_t done = 0; done < size;) {
        const auto from = static_cast<off_t>(at + done);
        const auto got = disk_.read(file_->fd(), out + done, size - done, from);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            limits_.patience -= std::chrono::steady_clock::now() - began;
            return false;
        }
        done += static_cast<std::size_t>(got);
    }
    return true;
}

/// How many of these bytes the disk does not give.
std::uint64_t SegmentLoader::unreadable(std::uint64_t begin, std::uint64_t end) const noexcept {
    std::uint64_t bytes = 0;
    for (const auto& bad : bad_) {
        const auto from = std::max<std::uint64_t>(begin, bad.begin);
        const auto until = std::min<std::uint64_t>(end, bad.end);
        bytes += from < until ? until - from : 0;
    }
    return bytes;
}

const char* SegmentLoader::why(std::uint64_t begin, std::uint64_t end,
                               const char* otherwise) const noexcept {
    return unreadable(begin, end) > 0 ? "the disk cannot read what is there" : otherwise;
}

/// What the disk does not take is kept in memory, and what is verified behind this is what will be
/// read.
void SegmentLoader::bring_to_disk() {
    const auto began = std::chrono::steady_clock::now();
    if (!limits_.durable || disk_.sync(file_->fd()) == 0) {
        return;
    }
    limits_.patience -= std::chrono::steady_clock::now() - began;
    hints_ = false;
    if (file_size_ <= limits_.memory) {
        limits_.memory -= file_size_;
        file_->secure({0, static_cast<std::uint32_t>(file_size_)});
    }
}

bool SegmentLoader::all_zero() const noexcept {
    const std::byte* const begin = file_->frames_.data();
    return bad_.empty() && std::all_of(begin, begin + file_size_,
                                       [](std::byte byte) { return byte == std::byte{}; });
}

bool SegmentLoader::choose_header() {
    if (file_size_ < SegmentFile::first_frame) {
        return false;
    }
    header_ = SegmentHeader::read(file_->data());
    header_was_whole_ = header_.is_whole();
    if (!header_was_whole_) {
        header_ = SegmentHeader::read(file_->data() + page);
        if (!header_.is_whole()) {
            return false;
        }
        header_.acknowledged = header_.published = SegmentFile::first_frame;
    }
    file_->identity_ = {header_.sequence, header_.seed};
    return true;
}

void SegmentLoader::scan() {
    const auto size = std::min<std::size_t>(file_size_, header_.size);
    const auto found = scan_frames({file_->data(), size}, SegmentFile::first_frame, header_.seed,
                                   header_.acknowledged);
    loaded_.runs = found.runs;
    if (found.mark_fits) {
        acknowledged_ = static_cast<std::uint32_t>(header_.acknowledged);
    }
    const FrameCount& left = found.mark_fits ? found.behind_mark : found.all;
    loaded_.records = left.records;
    loaded_.oldest = left.oldest;
    report_gaps(found);
    report_tail(found);
    skip_acknowledged();
}

void SegmentLoader::report_gaps(const FrameScan& found) {
    for (const auto& gap : found.gaps) {
        if (gap.end > acknowledged_) {
            damaged(gap.begin, gap.end - gap.begin,
                    why(gap.begin, gap.end, "what is there does not verify"));
        }
    }
}

void SegmentLoader::report_tail(const FrameScan& found) {
    const bool hint = header_.published <= header_.size;
    const bool unused = header_was_whole_ && hint && header_.published >= found.end;
    const auto unread = unused ? 0 : unreadable(found.end, file_size_);
    if (hint && header_.published > found.end && header_.published > acknowledged_) {
        damaged(found.end, header_.published - found.end,
                why(found.end, header_.published,
                    header_.published > file_size_ ? "the file ends before its last record"
                                                   : "the last records do not verify"));
    } else if (unread > 0) {
        damaged(found.end, unread, why(found.end, file_size_, ""));
    } else if (found.torn > 0) {
        damaged(found.end, found.torn, "the last record does not verify");
    } else if (may_write_) {
        file_->size_ = file_->trim(found.end);
    }
}

void SegmentLoader::skip_acknowledged() {
    auto& runs = loaded_.runs;
    runs.erase(std::remove_if(runs.begin(), runs.end(),
                              [this](const Extent& run) { return run.end <= acknowledged_; }),
               runs.end());
    if (!runs.empty()) {
        runs.front().begin = std::max(runs.front().begin, acknowledged_);
    }
}

/// Makes the first page writable; without, its records come again when they are loaded again.
void SegmentLoader::prepare_hints() {
    // The page may be what the disk cannot read; and whoever brings the file back, once it can be
    // read, wants all of it. Or it may be a hole, and the disk full.
    if (!may_write_ || !hints_ || !bad_.empty() ||
        posix_fallocate(file_->fd(), 0, static_cast<off_t>(page)) != 0) {
        return;
    }
    file_->header_page_ = Mapping(file_->fd(), page, true);
    file_->header_ = file_->header_page_.data();
}

void SegmentLoader::damages_told(const LoadedSegment& segment) noexcept {
    SegmentFile& file = *segment.file;
    if (file.header_ == nullptr) {
        return;
    }
    if (segment.made_size > 0) {
        const auto header = SegmentHeader::make(segment.made_size, file.identity_);
        std::memcpy(file.header_, &header, sizeof header);
    }
    // What is missing at the end is told of now, and not by the next to load the file.
    file.set_published(segment.runs.back().end);
}

LoadedSegment load_segment(const std::string& path, Disk& disk, LoadLimits& limits) {
    return SegmentLoader(path, disk, limits).load();
}

void damages_told(const LoadedSegment& segment) noexcept {
    SegmentLoader::damages_told(segment);
}

bool is_of_newer_version(const std::string& path) {
    const UniqueFd fd = open_segment(path, O_RDONLY);
    if (!fd) {
        throw DiskError("cannot open", path, errno);
    }
    const auto header_at = [&fd](off_t offset) {
        std::array<std::byte, SegmentFile::header_size> bytes{};
        // What is short or unreadable stays zero, which is no header.
        [[maybe_unused]] const auto got = pread(fd.get(), bytes.data(), bytes.size(), offset);
        return SegmentHeader::read(bytes.data());
    };
    const auto first = header_at(0);
    const auto copy = header_at(page);
    return !first.is_whole() && !copy.is_whole() && (first.is_newer() || copy.is_newer());
}

}  // namespace dns_tools::history
