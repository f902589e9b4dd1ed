#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace dns_tools::nginx {

/// Foreign text for one line of the log: cut, and without control bytes.
class Printable {
public:
    explicit Printable(std::string_view text) noexcept
        : size_(std::min(text.size(), text_.size())) {
        std::transform(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size_),
                       text_.begin(), [](unsigned char c) -> char {
                           return c < 0x20 || c == 0x7f ? ' ' : static_cast<char>(c);
                       });
    }
    std::string_view text() const noexcept { return {text_.data(), size_}; }

private:
    std::array<char, 512> text_;
    std::size_t size_;
};

}  // namespace dns_tools::nginx
