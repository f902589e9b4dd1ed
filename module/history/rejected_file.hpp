#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dns_tools::history {

/// Lines for a person: the records that the database refuses. Several workers share the file, and
/// each line is whole.
class RejectedFile {
public:
    static constexpr std::size_t default_limit = 16 * 1024 * 1024;

    /// Touches no file yet. No line is added that would take the file beyond `limit` bytes.
    explicit RejectedFile(std::string path, std::size_t limit = default_limit);

    /// Adds the line, which has no newline. False when it is not added: the file is full, or the
    /// disk refuses.
    bool append(std::string_view line);

private:
    const std::string path_;
    const std::size_t limit_;
    bool torn_ = false;  // the last write ended within a line
};

}  // namespace dns_tools::history
