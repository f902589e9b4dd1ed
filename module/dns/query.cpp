#include "dns/query.hpp"

#include <algorithm>
#include <bit>
#include <functional>
#include <utility>

namespace dns_tools::dns {

namespace {

// What a burst leaves behind is kept for the next, up to about a megabyte.
constexpr std::size_t most_kept = 1024;

constexpr std::size_t most_addresses_kept = 64;

}  // namespace

QueryTable::QueryTable(Attempt::Owner& owner, std::size_t most)
    : owner_(owner), most_(most), buckets_(std::bit_ceil(std::clamp<std::size_t>(most, 1, 8192))) {
    free_.reserve(most_kept);
}

QueryTable::~QueryTable() {
    for (Query* query : buckets_) {
        while (query != nullptr) {
            delete std::exchange(query, query->next);
        }
    }
}

Query* QueryTable::find(const Name& name) noexcept {
    const auto hash = std::hash<Name>()(name);
    Query* query = bucket(hash);
    while (query != nullptr && (query->hash != hash || query->name != name)) {
        query = query->next;
    }
    return query;
}

Query& QueryTable::insert(const Name& name) {
    std::unique_ptr<Query> query;
    if (free_.empty()) {
        query = std::make_unique<Query>(owner_, name);
    } else {
        query = std::move(free_.back());
        free_.pop_back();
        query->name = name;
        query->sent = 0;
        query->tried = query->failed = 0;
        query->any_failure = false;
    }
    query->hash = std::hash<Name>()(name);
    query->next = std::exchange(bucket(query->hash), query.get());
    ++size_;
    return *query.release();
}

void QueryTable::remove(Query& query) noexcept {
    Query** place = &bucket(query.hash);
    while (*place != &query) {
        place = &(*place)->next;
    }
    *place = std::exchange(query.next, nullptr);
    --size_;
}

void QueryTable::give_back(Query& query) noexcept {
    std::unique_ptr<Query> owned(&query);
    if (free_.size() < most_kept && owned->answer.addresses.capacity() <= most_addresses_kept) {
        free_.push_back(std::move(owned));
    }
}

}  // namespace dns_tools::dns
