#include "dns/message.hpp"

#include <gtest/gtest.h>

#include <random>

#include "dns/packets.hpp"

namespace dns_tools::dns {
namespace {

using test::Packet;

class MessageTest : public ::testing::Test {
protected:
    MessageTest() {
        query_.build("www.example.com", RecordType::a, true);
        query_.set_id(0x1234);
    }

    Packet response(unsigned rcode = 0) const { return Packet(query_.bytes(), rcode); }
    Reading read(const Packet& packet) { return read_answer(packet.bytes, query_, answer_); }

    QueryMessage query_;
    Answer answer_;
};

AddressRecord record(std::array<std::uint8_t, 4> address, std::uint32_t ttl) {
    return {Ipv4Address{address}, ttl};
}

TEST_F(MessageTest, QueryIsWhatTheRfcsSay) {
    const std::vector<std::uint8_t> expected = {
        0x12, 0x34, 0x01, 0x00, 0, 1,   0,   0,    0,    0,   0,   1,  // header
        3,    'w',  'w',  'w',  7, 'e', 'x', 'a',  'm',  'p', 'l', 'e', 3, 'c', 'o', 'm', 0,
        0,    1,    0,    1,    0, 0,   41,  0x04, 0xd0, 0,   0,   0,   0, 0,   0};  // OPT, 1232
    EXPECT_EQ(std::vector(query_.bytes().begin(), query_.bytes().end()), expected);

    query_.build("arpa", RecordType::ns, false);
    query_.set_id(1);
    const std::vector<std::uint8_t> arpa = {0, 1, 1,   0,   0,   1,   0, 0, 0, 0, 0,
                                            0, 4, 'a', 'r', 'p', 'a', 0, 0, 2, 0, 1};
    EXPECT_EQ(std::vector(query_.bytes().begin(), query_.bytes().end()), arpa);
}

TEST_F(MessageTest, ReadsAddressesInOrderWithoutRepetitions) {
    ASSERT_EQ(read(response()
                       .a("@", {1, 2, 3, 4}, 300)
                       .a("@", {5, 6, 7, 8}, 20)
                       .a("www.EXAMPLE.com", {1, 2, 3, 4}, 300)),
              Reading::answered);
    EXPECT_EQ(answer_.result, Result::ok);
    EXPECT_EQ(answer_.addresses,
              (std::vector{record({1, 2, 3, 4}, 300), record({5, 6, 7, 8}, 20)}));
    EXPECT_TRUE(answer_.cnames.empty());
}

TEST_F(MessageTest, DropsRepetitionsAmongMany) {
    auto packet = response();
    for (int i = 0; i < 200; ++i) {
        packet.a("@", {10, 0, 0, static_cast<std::uint8_t>(i % 100)}, 60);
    }
    ASSERT_EQ(read(packet), Reading::answered);
    ASSERT_EQ(answer_.addresses.size(), 100u);
    EXPECT_EQ(answer_.addresses[99], record({10, 0, 0, 99}, 60));
}

TEST_F(MessageTest, FollowsAChainInAnyOrder) {
    ASSERT_EQ(read(response()
                       .a("c.example.net", {9, 9, 9, 9}, 500)
                       .cname("B.example.org", "C.example.net", 40)
                       .a("b.example.org", {6, 6, 6, 6}, 1)
                       .cname("@", "b.EXAMPLE.org", 100)),
              Reading::answered);
    EXPECT_EQ(answer_.result, Result::ok);
    EXPECT_EQ(answer_.addresses, std::vector{record({9, 9, 9, 9}, 40)});
    EXPECT_EQ(answer_.cnames, (std::vector<std::string>{"b.example.org", "c.example.net"}));
}

TEST_F(MessageTest, TtlWithItsTopBitSetIsZero) {
    ASSERT_EQ(read(response().a("@", {1, 1, 1, 1}, 0x80000001)), Reading::answered);
    EXPECT_EQ(answer_.addresses[0].ttl, 0u);
    ASSERT_EQ(read(response().cname("@", "x", 0xffffffff).a("x", {1, 1, 1, 1}, 9)),
              Reading::answered);
    EXPECT_EQ(answer_.addresses[0].ttl, 0u);
    ASSERT_EQ(read(response().a("@", {1, 1, 1, 1}, 0x7fffffff)), Reading::answered);
    EXPECT_EQ(answer_.addresses[0].ttl, 0x7fffffffu);
}

TEST_F(MessageTest, EscapesWhatNoHostNameHas) {
    const std::vector<std::uint8_t> odd = {4, 'a', '.', ' ', 0xff, 3, '\\', '"', '_', 0};
    ASSERT_EQ(read(response().record("@", 5, 10, odd)), Reading::answered);
    EXPECT_EQ(answer_.cnames, std::vector<std::string>{"a\\046\\032\\255.\\092\\034_"});
    ASSERT_EQ(read(response().cname("@", "", 10)), Reading::answered);
    EXPECT_EQ(answer_.cnames, std::vector<std::string>{"."});
}

TEST_F(MessageTest, TellsNoDataFromNxdomain) {
    ASSERT_EQ(read(response()), Reading::answered);
    EXPECT_EQ(answer_.result, Result::no_addresses);
    ASSERT_EQ(read(response(3)), Reading::answered);
    EXPECT_EQ(answer_.result, Result::nxdomain);

    ASSERT_EQ(read(response().cname("@", "gone.example", 10)), Reading::answered);
    EXPECT_EQ(answer_.result, Result::no_addresses);
    EXPECT_EQ(answer_.cnames, std::vector<std::string>{"gone.example"});
    ASSERT_EQ(read(response(3).cname("@", "gone.example", 10)), Reading::answered);
    EXPECT_EQ(answer_.result, Result::nxdomain);
    EXPECT_EQ(answer_.cnames, std::vector<std::string>{"gone.example"});
    EXPECT_TRUE(answer_.addresses.empty());
}

TEST_F(MessageTest, TellsNoDataFromAReferral) {
    const auto ns = Packet::name("ns.example.com");
    auto soa = Packet::name("ns.example.com");
    soa.resize(soa.size() + 1 + 20);
    const auto from = [&](unsigned rcode = 0) {
        return response(rcode).into(8).record("example.com", 2, 300, ns);
    };
    EXPECT_EQ(read(from()), Reading::failed);
    EXPECT_EQ(answer_.detail, "a referral");
    EXPECT_EQ(read(from().opt(0)), Reading::failed);

    const auto is_no_data = [&](const Packet& packet) {
        return read(packet) == Reading::answered && answer_.result == Result::no_addresses;
    };
    auto authoritative = from();
    authoritative.bytes[2] |= 0x04;
    EXPECT_TRUE(is_no_data(authoritative));
    EXPECT_TRUE(is_no_data(from().record("example.com", 6, 300, soa)));
    EXPECT_TRUE(is_no_data(response().into(10).record("example.com", 2, 300, ns)));

    // A server that knows the alias, but of its target only who knows; AA is about the alias.
    for (const unsigned aa : {0x00, 0x04}) {
        const auto alias = [&] { return response().cname("@", "host.sub.example", 10).into(8); };
        auto known = alias().record("sub.example", 2, 300, ns);
        known.bytes[2] |= aa;
        EXPECT_EQ(read(known), Reading::failed);
        EXPECT_EQ(answer_.detail, "a referral");
        EXPECT_TRUE(answer_.cnames.empty());
        auto no_data = alias().record("sub.example", 2, 300, ns).record("sub.example", 6, 300, soa);
        no_data.bytes[2] |= aa;
        EXPECT_TRUE(is_no_data(no_data));
        auto nothing = alias();
        nothing.bytes[2] |= aa;
        EXPECT_TRUE(is_no_data(nothing));
    }

    EXPECT_EQ(read(from(3)), Reading::answered);
    EXPECT_EQ(answer_.result, Result::nxdomain);
    EXPECT_EQ(read(response().a("@", {1, 2, 3, 4}, 60).into(8).record("example.com", 2, 300, ns)),
              Reading::answered);
    EXPECT_EQ(answer_.result, Result::ok);
}

TEST_F(MessageTest, IgnoresWhatIsAboutSomethingElse) {
    const std::vector<std::uint8_t> ipv6(16, 1);
    const std::vector<std::uint8_t> four(4, 1);
    ASSERT_EQ(read(response()
                       .a("other.example.com", {1, 1, 1, 1}, 5)
                       .record("@", 28, 5, ipv6)
                       .record("@", 1, 5, four, 3)  // class CH
                       .into(8)
                       .a("@", {2, 2, 2, 2}, 5)
                       .into(10)
                       .a("@", {3, 3, 3, 3}, 5)),
              Reading::answered);
    EXPECT_EQ(answer_.result, Result::no_addresses);
}

TEST_F(MessageTest, RcodesAreFailures) {
    const std::pair<unsigned, std::string> table[] = {
        {2, "SERVFAIL"}, {4, "NOTIMP"}, {5, "REFUSED"}, {9, "NOTAUTH"}, {15, "rcode 15"}};
    for (const auto& [rcode, text] : table) {
        EXPECT_EQ(read(response(rcode).a("@", {1, 1, 1, 1}, 5)), Reading::failed);
        EXPECT_EQ(answer_.detail, text);
        EXPECT_TRUE(answer_.addresses.empty());
    }
    EXPECT_EQ(read(response(1)), Reading::format_error);
    // BADVERS is 16: only the OPT record tells it from NOERROR
    EXPECT_EQ(read(response().opt(1)), Reading::failed);
    EXPECT_EQ(answer_.detail, "rcode 16");
    EXPECT_EQ(read(response().opt(0)), Reading::answered);
}

TEST_F(MessageTest, AFormatErrorMayComeWithoutTheQuestion) {
    EXPECT_EQ(read_answer(std::vector<std::uint8_t>{0, 0, 0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0}, query_,
                          answer_),
              Reading::format_error);
    EXPECT_EQ(read_answer(std::vector<std::uint8_t>{0, 0, 0x80, 2, 0, 0, 0, 0, 0, 0, 0, 0}, query_,
                          answer_),
              Reading::not_an_answer);
}

TEST_F(MessageTest, LoopsAndEndlessChainsFail) {
    EXPECT_EQ(read(response().cname("@", "www.example.com", 5)), Reading::failed);
    EXPECT_EQ(answer_.detail, "a CNAME loop");
    EXPECT_EQ(read(response().cname("@", "a", 5).cname("a", "b", 5).cname("b", "a", 5)),
              Reading::failed);
    EXPECT_EQ(answer_.detail, "a CNAME loop");
    EXPECT_TRUE(answer_.cnames.empty());

    const auto chain = [&](int length) {
        auto packet = response().cname("@", "n1", 5);
        for (int i = 1; i < length; ++i) {
            packet.cname("n" + std::to_string(i), "n" + std::to_string(i + 1), 5);
        }
        return packet.a("n" + std::to_string(length), {1, 1, 1, 1}, 5);
    };
    EXPECT_EQ(read(chain(16)), Reading::answered);
    EXPECT_EQ(answer_.cnames.size(), 16u);
    EXPECT_EQ(read(chain(17)), Reading::failed);
}

TEST_F(MessageTest, TakesOnlyResponsesToItsQuestion) {
    const auto with = [&](std::size_t at, std::uint8_t value) {
        auto packet = response().a("@", {1, 1, 1, 1}, 5);
        packet.bytes[at] = value;
        return packet;
    };
    EXPECT_EQ(read(with(2, 0x01)), Reading::not_an_answer);  // QR = 0
    EXPECT_EQ(read(with(2, 0x89)), Reading::not_an_answer);  // another opcode
    EXPECT_EQ(read(with(5, 0)), Reading::not_an_answer);     // no question
    EXPECT_EQ(read(with(5, 2)), Reading::not_an_answer);     // two questions
    EXPECT_EQ(read(with(13, 'x')), Reading::not_an_answer);  // another name
    EXPECT_EQ(read(with(30, 28)), Reading::not_an_answer);   // another type
    EXPECT_EQ(read(with(32, 3)), Reading::not_an_answer);    // another class
    EXPECT_EQ(read(with(13, 'W')), Reading::answered);       // case does not matter
    EXPECT_EQ(read_answer(query_.bytes(), query_, answer_), Reading::not_an_answer);
}

TEST_F(MessageTest, TruncationIsSeenBeforeTheRecords) {
    auto packet = response().truncated();
    packet.count(6);  // announces a record that is not there
    EXPECT_EQ(read(packet), Reading::truncated);
}

TEST_F(MessageTest, MalformedRecordsFail) {
    const auto malformed = [&](const Packet& packet) {
        return read(packet) == Reading::failed && answer_.detail == "a malformed answer";
    };
    const std::vector<std::uint8_t> three(3, 1);
    const std::vector<std::uint8_t> five(5, 1);
    EXPECT_TRUE(malformed(response().record("@", 1, 5, three)));
    EXPECT_TRUE(malformed(response().record("@", 1, 5, five)));

    auto announced = response();
    announced.count(6);
    EXPECT_TRUE(malformed(announced));
    announced = response().a("@", {1, 1, 1, 1}, 5);
    announced.count(8);
    EXPECT_TRUE(malformed(announced));

    const std::array<std::uint8_t, 4> address = {1, 1, 1, 1};
    const auto owner = [&](std::vector<std::uint8_t> bytes) {
        return response().raw_record(bytes, 1, 5, address);
    };
    const auto self = static_cast<std::uint8_t>(response().bytes.size());
    EXPECT_TRUE(malformed(owner({0xc0, self})));                                  // to itself
    EXPECT_TRUE(malformed(owner({0xc0, static_cast<std::uint8_t>(self + 20)})));  // forwards
    EXPECT_TRUE(malformed(owner({1, 'a', 0xc0, self})));                          // in a circle
    EXPECT_TRUE(malformed(owner({0xc0, 4})));                                     // into the header
    EXPECT_TRUE(malformed(owner({0xff, 0xff})));                                  // beyond the end
    EXPECT_TRUE(malformed(owner({0x40, 'a', 0})));  // reserved label type
    EXPECT_TRUE(malformed(owner({0x80, 'a', 0})));

    const std::vector<std::uint8_t> beyond = {1, 'a', 0, 0};  // bytes after the target
    EXPECT_TRUE(malformed(response().record("@", 5, 5, beyond)));
    const std::vector<std::uint8_t> cut = {5, 'a'};
    EXPECT_TRUE(malformed(response().record("@", 5, 5, cut)));
}

TEST_F(MessageTest, NamesEndAt255Bytes) {
    const auto labels = [](std::size_t last) {
        std::vector<std::uint8_t> wire;
        for (const std::size_t size : {std::size_t{63}, std::size_t{63}, std::size_t{63}, last}) {
            wire.push_back(static_cast<std::uint8_t>(size));
            wire.insert(wire.end(), size, 'a');
        }
        wire.push_back(0);
        return wire;
    };
    EXPECT_EQ(read(response().record("@", 5, 5, labels(61))), Reading::answered);
    EXPECT_EQ(read(response().record("@", 5, 5, labels(62))), Reading::failed);
    // A name may not grow through pointers either.
    std::vector<std::uint8_t> grown = {63};
    grown.insert(grown.end(), 63, 'b');
    grown.insert(grown.end(), {0xc0, 0x0c});
    auto packet = response();
    for (int i = 0; i < 5; ++i) {
        const auto at = packet.bytes.size();
        packet.raw_record(grown, 99, 5, {});
        grown[grown.size() - 2] = static_cast<std::uint8_t>(0xc0 | at >> 8);
        grown[grown.size() - 1] = static_cast<std::uint8_t>(at);
    }
    EXPECT_EQ(read(packet), Reading::failed);
}

TEST_F(MessageTest, EveryTruncationAndEveryFlippedByteIsSurvived) {
    const auto whole = response()
                           .cname("@", "b.example.org", 100)
                           .a("b.example.org", {1, 2, 3, 4}, 50)
                           .into(8)
                           .cname("example.org", "c.example.org", 5)
                           .opt(0);
    ASSERT_EQ(read(whole), Reading::answered);
    for (std::size_t size = 0; size < whole.bytes.size(); ++size) {
        // A copy of exactly this size: reading beyond it is what a sanitizer sees.
        const std::vector<std::uint8_t> cut(
            whole.bytes.begin(), whole.bytes.begin() + static_cast<std::ptrdiff_t>(size));
        EXPECT_NE(read_answer(cut, query_, answer_), Reading::answered) << size;
    }
    for (std::size_t at = 0; at < whole.bytes.size(); ++at) {
        for (int value = 0; value < 256; ++value) {
            auto changed = whole.bytes;
            changed[at] = static_cast<std::uint8_t>(value);
            (void)read_answer(changed, query_, answer_);
        }
    }
}

TEST_F(MessageTest, RandomBytesAreSurvived) {
    std::mt19937 random(1);
    for (int round = 0; round < 20000; ++round) {
        auto packet = response();
        packet.count(6 + round % 3 * 2);
        for (auto left = random() % 60; left > 0; --left) {
            packet.bytes.push_back(static_cast<std::uint8_t>(random() % 4 == 0 ? 0xc0 : random()));
        }
        packet.bytes.shrink_to_fit();
        (void)read(packet);
    }
}

}  // namespace
}  // namespace dns_tools::dns
