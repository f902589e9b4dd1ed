#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "history/record.hpp"

namespace dns_tools::history {

/// What the journal tells of its work. Called from the loop, never from inside a call of the
/// journal's but start().
class JournalObserver {
public:
    virtual ~JournalObserver() = default;
    /// The journal has a folder and room is made in it.
    virtual void journal_up() noexcept = 0;
    /// It has no folder, or no more room can be made in it. Called for every failed attempt; who
    /// logs it limits the rate. What was made before is still used.
    virtual void journal_down(std::string_view why) noexcept = 0;
    /// `records` that were left behind, by a worker that is gone, have joined the queue.
    virtual void journal_adopted(std::size_t records) noexcept = 0;
    /// So many records, and the oldest made then, wait in folders that nobody holds, and that there
    /// is no room for as yet. Called whenever they were looked for.
    virtual void journal_left(std::size_t records, std::optional<UnixMicros> oldest) noexcept = 0;
    /// `bytes` of `file` are lost; once for each damaged place.
    virtual void journal_damaged(std::string_view file, std::uint64_t bytes,
                                 std::string_view why) noexcept = 0;
    /// durable() has moved. Only when each sync is waited for.
    virtual void journal_synced() noexcept = 0;
    /// Records that are not durable by now never will be, whatever durable() is later; they stay in
    /// the queue all the same.
    virtual void journal_sync_failed(std::string_view why) noexcept = 0;
    /// A later version of this module wrote `file`; the folder it is in is left alone. Once each.
    virtual void journal_newer_version(std::string_view file) noexcept = 0;
    /// A folder that others left behind cannot be used, or not be removed. Nothing is lost. Once
    /// each.
    virtual void journal_left_alone(std::string_view folder, std::string_view why) noexcept = 0;
    /// `file`, of which the disk did not give all, is removed: too much is set aside already.
    virtual void journal_not_set_aside(std::string_view file) noexcept = 0;
};

}  // namespace dns_tools::history
