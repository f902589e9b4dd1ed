#include "base/random.hpp"

#include <sys/random.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace dns_tools {

void Random::draw(void* out, std::size_t size) {
    if (left_ < size) {
        // Up to 256 bytes arrive whole and uninterrupted (getrandom(2)); more may arrive short.
        for (left_ = 0; left_ < buffer_.size();) {
            const auto got = getrandom(buffer_.data() + left_, buffer_.size() - left_, 0);
            if (got < 0 && errno != EINTR) {
                throw std::system_error(errno, std::generic_category(), "getrandom()");
            }
            left_ += got > 0 ? static_cast<std::size_t>(got) : 0;
        }
    }
    left_ -= size;
    std::memcpy(out, buffer_.data() + left_, size);
}

std::uint64_t Random::next64() {
    std::uint64_t value;
    draw(&value, sizeof value);
    return value;
}

std::uint16_t Random::next16() {
    std::uint16_t value;
    draw(&value, sizeof value);
    return value;
}

std::uint32_t Random::below(std::uint64_t bound) {
    // The bias of taking the high part of a 64-bit product is below 2^-32.
    const auto wide = static_cast<unsigned __int128>(next64()) * bound;
    return static_cast<std::uint32_t>(wide >> 64);
}

}  // namespace dns_tools
