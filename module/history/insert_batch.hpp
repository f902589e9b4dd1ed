#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/uuid.hpp"
#include "history/pg_connection.hpp"
#include "history/record.hpp"

namespace dns_tools::history {

/// A one-dimensional array in PostgreSQL's binary format, in a buffer that is used again and again.
class ArrayParameter {
public:
    ArrayParameter(unsigned array_type, unsigned element_type)
        : array_type_(array_type), element_type_(element_type) {}

    void clear();
    /// Room for an element of at most `size` bytes; the element ends where `end_element` says.
    char* begin_element(std::size_t size);
    void end_element(const char* end);
    void add_null();
    void add(std::string_view value);

    /// The parameter, as long as the array does not change.
    PgParameter finish();

private:
    unsigned array_type_;
    unsigned element_type_;
    std::vector<char> bytes_;
    std::size_t used_ = 0;
    std::size_t element_ = 0;  // where the element that is being written begins
    std::uint32_t count_ = 0;
};

/// The request that writes a batch of records.
class InsertBatch {
public:
    InsertBatch();

    /// Takes these records instead of those from before.
    void assign(std::span<const Record> records);
    /// Its statements, which the server ends before `deadline` has passed; its commit it does not.
    /// `confirm`: with schema::confirm. Good until the next call.
    std::span<const PgStatement> statements(bool confirm, std::chrono::milliseconds deadline);

private:
    void add(const Record& record);

    ArrayParameter ids_;
    ArrayParameter instants_;
    ArrayParameter clients_;
    ArrayParameter domains_;
    ArrayParameter addresses_;
    ArrayParameter ttls_;
    std::array<PgParameter, 6> parameters_{};

    Uuid first_;
    std::string limit_;
    std::array<PgParameter, 1> limit_parameter_{};
    std::array<PgParameter, 1> confirm_parameter_{};
    std::array<PgStatement, 3> statements_{};
};

}  // namespace dns_tools::history
