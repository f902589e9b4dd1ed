#include "history/segment_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "base/checksum.hpp"
#include "history/segment_header.hpp"

namespace dns_tools::history {

namespace {

std::uint64_t header_checksum(const SegmentHeader& header) noexcept {
    return checksum(
        {reinterpret_cast<const std::byte*>(&header), offsetof(SegmentHeader, checksum)},
        SegmentHeader::expected_magic);
}

void store(std::byte* at, std::uint64_t value) noexcept {
    std::atomic_ref<std::uint64_t>(*reinterpret_cast<std::uint64_t*>(at))
        .store(value, std::memory_order_release);
}

}  // namespace

Mapping::Mapping(int fd, std::size_t size, bool writable) noexcept : size_(size) {
    void* const data =
        mmap(nullptr, size, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
    data_ = data == MAP_FAILED ? nullptr : static_cast<std::byte*>(data);
}

Mapping::Mapping(std::size_t size) noexcept : size_(size) {
    void* const data =
        mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    data_ = data == MAP_FAILED ? nullptr : static_cast<std::byte*>(data);
}

Mapping::~Mapping() {
    if (data_ != nullptr) {
        munmap(data_, size_);
    }
}

void Mapping::keep(std::size_t begin, std::size_t end) noexcept {
    const std::size_t unit = page();
    std::array<unsigned char, 256> in_memory;
    end = std::min((end + unit - 1) / unit, (size_ + unit - 1) / unit);
    for (std::size_t at = begin / unit; at < end;) {
        const auto pages = std::min(end - at, in_memory.size());
        if (mincore(data_ + at * unit, pages * unit, in_memory.data()) != 0) {
            return;
        }
        const auto is_in = [&](std::size_t i) { return (in_memory[i] & 1) != 0; };
        for (std::size_t i = 0; i < pages;) {
            const std::size_t first = i;
            while (i < pages && is_in(i) == is_in(first)) {
                ++i;
            }
            // What is not in memory may be what the disk cannot read.
            if (is_in(first) && !replace((at + first) * unit, (i - first) * unit)) {
                return;
            }
        }
        at += pages;
    }
}

bool Mapping::blank(std::size_t begin, std::size_t end) noexcept {
    return mmap(data_ + begin, end - begin, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED;
}

std::size_t Mapping::page() noexcept {
    static const auto size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    return size;
}

/// Puts a copy in the place of what is mapped: who points into it sees no difference.
bool Mapping::replace(std::size_t at, std::size_t size) noexcept {
    void* const copy =
        mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (copy == MAP_FAILED) {
        return false;
    }
    std::memcpy(copy, data_ + at, size);
    if (mremap(copy, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, data_ + at) == MAP_FAILED) {
        munmap(copy, size);
        return false;
    }
    return true;
}

SegmentHeader SegmentHeader::make(std::size_t size, SegmentFile::Identity identity) noexcept {
    SegmentHeader header{};
    header.magic = expected_magic;
    header.version = current_version;
    header.size = size;
    header.sequence = identity.sequence;
    header.seed = identity.seed;
    header.checksum = header_checksum(header);
    header.acknowledged = SegmentFile::first_frame;
    header.published = SegmentFile::first_frame;
    return header;
}

SegmentHeader SegmentHeader::read(const std::byte* bytes) noexcept {
    SegmentHeader header;
    std::memcpy(&header, bytes, sizeof header);
    return header;
}

bool SegmentHeader::is_whole() const noexcept {
    return magic == expected_magic && version == current_version &&
           checksum == header_checksum(*this);
}

std::shared_ptr<SegmentFile> SegmentFile::create(const std::string& path, std::size_t size,
                                                 Identity identity) {
    UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd) {
        throw DiskError("cannot make", path, errno);
    }
    int error;
    do {
        error = posix_fallocate(fd.get(), 0, static_cast<off_t>(size));
    } while (error == EINTR);
    std::shared_ptr<SegmentFile> file(new SegmentFile(path, std::move(fd), size));
    if (error == 0) {
        file->frames_ = Mapping(file->fd(), size, true);
        error = file->frames_ ? 0 : errno;
    }
    if (error != 0) {
        file->remove();
        throw DiskError("cannot make room for a segment in", path, error);
    }
    file->writable_ = true;
    file->header_ = file->frames_.data();
    file->recycle(identity);
    return file;
}

void SegmentFile::set_acknowledged(std::uint32_t offset) noexcept {
    if (header_ != nullptr) {
        store(header_ + offsetof(SegmentHeader, acknowledged), offset);
    }
}

void SegmentFile::set_published(std::uint32_t offset) noexcept {
    store(header_ + offsetof(SegmentHeader, published), offset);
}

void SegmentFile::secure(Extent extent) noexcept {
    // A store to a page that the kernel has forgotten and cannot read would be SIGBUS. Without the
    // hints what is left is only replayed.
    header_ = nullptr;
    writable_ = false;
    frames_.keep(extent.begin, extent.end);
}

void SegmentFile::recycle(Identity identity) noexcept {
    identity_ = identity;
    const auto header = SegmentHeader::make(size_, identity);
    // A process that dies between any two of these leaves a file in which everything is
    // acknowledged, or an empty one.
    store(frames_.data() + first_frame, 0);
    std::memcpy(frames_.data() + page, &header, sizeof header);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    std::memcpy(header_, &header, sizeof header);
}

std::size_t SegmentFile::trim(std::uint32_t end) const noexcept {
    const std::size_t size = (end + page - 1) / page * page;
    // Pages behind the end are never touched again, so the mapping may stay.
    return size < size_ && ftruncate(fd(), static_cast<off_t>(size)) == 0 ? size : size_;
}

std::size_t SegmentFile::size_on_disk() const noexcept {
    // Without a descriptor it is what it was.
    struct stat status;
    return fstat(fd(), &status) == 0 ? static_cast<std::size_t>(status.st_size) : size_;
}

void SegmentFile::remove() const noexcept {
    unlink(path_.c_str());
}

}  // namespace dns_tools::history
