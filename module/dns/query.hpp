#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/list.hpp"
#include "dns/answer.hpp"
#include "dns/attempt.hpp"
#include "dns/name.hpp"
#include "dns/resolver.hpp"

namespace dns_tools::dns {

/// A question under way, for everybody who waits for its answer.
struct Query {
    Query(Attempt::Owner& owner, const Name& asked) : name(asked), attempt(owner, this) {}

    Name name;
    Answer answer;
    Attempt attempt;
    List<Waiter> waiters;

    unsigned sent = 0;         // attempts so far
    std::uint64_t tried = 0;   // which upstreams were asked, a bit each
    std::uint64_t failed = 0;  // which of them are of no use to this query
    bool any_failure = false;  // something else than silence was met
    bool edns = true;          // whether queries carry an OPT record

    std::size_t hash = 0;
    Query* next = nullptr;  // in the same bucket of the table, or on the free list
};

/// The questions under way by name. Owns their memory, and recycles it.
class QueryTable {
public:
    /// `most`: how many may be under way.
    QueryTable(Attempt::Owner& owner, std::size_t most);
    ~QueryTable();
    QueryTable(const QueryTable&) = delete;
    QueryTable& operator=(const QueryTable&) = delete;

    Query* find(const Name& name) noexcept;
    bool full() const noexcept { return size_ >= most_; }
    std::size_t size() const noexcept { return size_; }

    Query& insert(const Name& name);
    /// The query stays valid until it is given back.
    void remove(Query& query) noexcept;
    void give_back(Query& query) noexcept;

private:
    Query*& bucket(std::size_t hash) { return buckets_[hash & (buckets_.size() - 1)]; }

    Attempt::Owner& owner_;
    std::size_t most_;
    std::size_t size_ = 0;
    std::vector<Query*> buckets_;
    std::vector<std::unique_ptr<Query>> free_;
};

}  // namespace dns_tools::dns
