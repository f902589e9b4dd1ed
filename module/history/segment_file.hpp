#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/unique_fd.hpp"
#include "history/disk.hpp"
#include "history/journal_frame.hpp"

namespace dns_tools::history {

/// A mapped file, shared with all who map it; or memory of this process's own.
class Mapping {
public:
    Mapping() = default;
    /// Its first `size` bytes, which the file has. None when the system refuses.
    Mapping(int fd, std::size_t size, bool writable) noexcept;
    /// Memory, all zero. None when there is none left.
    explicit Mapping(std::size_t size) noexcept;
    Mapping(Mapping&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)), size_(other.size_) {}
    Mapping& operator=(Mapping&& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        return *this;
    }
    ~Mapping();

    explicit operator bool() const noexcept { return data_ != nullptr; }
    std::byte* data() const noexcept { return data_; }
    std::size_t size() const noexcept { return size_; }

    /// From now on these bytes, and the rest of their pages, are memory of this process's own, with
    /// what they hold: as far as that is in memory at all now, and there is memory left.
    void keep(std::size_t begin, std::size_t end) noexcept;
    /// From now on these pages are memory of this process's own, all zero. `begin` is where one
    /// begins; the last is blanked as a whole. False when there is no memory.
    bool blank(std::size_t begin, std::size_t end) noexcept;

    /// What the machine maps at a time: SegmentFile::page, or more.
    static std::size_t page() noexcept;

private:
    bool replace(std::size_t at, std::size_t size) noexcept;

    std::byte* data_ = nullptr;
    std::size_t size_ = 0;
};

/// A file of frames. Its first page begins with a header, and so does its second, with a copy of
/// what does not change: one damaged page costs no more than what lay in it.
class SegmentFile {
public:
    static constexpr std::size_t page = 4096;
    static constexpr std::size_t header_size = 64;
    static constexpr std::uint32_t first_frame = page + header_size;

    /// Which life of which file: later ones have a greater sequence. Frames of another life do not
    /// verify with this one's seed.
    struct Identity {
        std::uint64_t sequence;
        std::uint64_t seed;
    };

    /// Makes an empty segment of `size` bytes, a multiple of the page, all of them allocated:
    /// writes to a sparse map of a full disk would be SIGBUS. Throws DiskError.
    static std::shared_ptr<SegmentFile> create(const std::string& path, std::size_t size,
                                               Identity identity);

    const std::string& path() const noexcept { return path_; }
    int fd() const noexcept { return fd_.get(); }
    const std::byte* data() const noexcept { return frames_.data(); }
    /// Where frames are written; null when this process does not write to the file.
    std::byte* writable() const noexcept { return writable_ ? frames_.data() : nullptr; }
    std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(size_); }
    std::uint64_t seed() const noexcept { return identity_.seed; }
    std::uint64_t sequence() const noexcept { return identity_.sequence; }

    /// Tell who loads the file next, perhaps after a crash, how far it is used. Only hints: the
    /// frames are the truth.
    void set_acknowledged(std::uint32_t offset) noexcept;
    void set_published(std::uint32_t offset) noexcept;

    /// The disk did not take the file: keeps these bytes in memory, come what may, and touches the
    /// file itself no more. It is not written to any more, and not recycled.
    void secure(Extent extent) noexcept;

    /// Begins another life, empty. The file is writable.
    void recycle(Identity identity) noexcept;

    /// Gives the pages behind `end` back to the file system: nothing is appended any more. Returns
    /// the size of what is left; size() stays what it was.
    std::size_t trim(std::uint32_t end) const noexcept;
    std::size_t size_on_disk() const noexcept;
    void remove() const noexcept;

    /// Closes the descriptor of a file that is only read from now on: what is mapped stays.
    void close() noexcept { fd_ = UniqueFd(); }

private:
    friend class SegmentLoader;

    SegmentFile(std::string path, UniqueFd fd, std::size_t size)
        : path_(std::move(path)), fd_(std::move(fd)), size_(size) {}

    std::string path_;
    UniqueFd fd_;
    std::size_t size_;
    Identity identity_{};
    Mapping frames_;               // the whole file
    Mapping header_page_;          // of a file whose frames are mapped to be read only
    std::byte* header_ = nullptr;  // where hints are written; null when they cannot be
    bool writable_ = false;
};

/// Bytes of a segment that are lost.
struct Damage {
    std::uint64_t offset;
    std::uint64_t bytes;
    const char* why;
};

/// What a file left behind holds.
struct LoadedSegment {
    /// None when no record is left in it.
    std::shared_ptr<SegmentFile> file;
    /// Frames that verify and are not acknowledged.
    std::vector<Extent> runs;
    std::size_t records = 0;
    UnixMicros oldest{};  ///< when the first of them was made
    std::vector<Damage> damages;
    bool unreadable = false;      ///< the disk does not give all of the file
    std::uint64_t made_size = 0;  ///< of the file, when its header is to be written anew; or 0
};

/// What may be taken for the files of a folder together.
struct LoadLimits {
    bool durable = false;  ///< each is brought to the disk before it is verified
    /// That the disk may take to say that it cannot read.
    std::chrono::nanoseconds patience{};
    const std::atomic<bool>* stop = nullptr;  ///< nobody waits for it any more
    std::size_t memory = 256 * 1024 * 1024;   ///< bytes of files which the disk does not take

    bool exhausted() const noexcept { return patience.count() <= 0; }
};

/// Nobody waits for what is being loaded any more.
struct LoadStopped final : std::exception {};

/// Verifies what the file holds, and gives back the room it does not need. It belongs to this
/// process alone. Throws DiskError when it cannot be opened or mapped, and LoadStopped.
LoadedSegment load_segment(const std::string& path, Disk& disk, LoadLimits& limits);

/// Its damages are told now: notes in the file, as far as that can be, that whoever loads it next
/// need not tell them again.
void damages_told(const LoadedSegment& segment) noexcept;

/// Whether a later version of this module wrote the file. Throws DiskError.
bool is_of_newer_version(const std::string& path);

}  // namespace dns_tools::history
