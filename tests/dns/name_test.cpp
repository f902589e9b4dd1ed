#include "dns/name.hpp"

#include <gtest/gtest.h>

#include <string>

namespace dns_tools::dns {
namespace {

using namespace std::string_literals;

std::string repeat(std::string_view text, std::size_t times) {
    std::string result;
    while (times-- > 0) {
        result += text;
    }
    return result;
}

const std::string label63(63, 'a');
const std::string name253 = label63 + '.' + label63 + '.' + label63 + '.' + std::string(61, 'b');

TEST(NameTest, ReadsNames) {
    const std::pair<std::string, std::string> table[] = {
        {"example.com", "example.com"},
        {"example.com.", "example.com"},
        {"EXAMPLE.Com", "example.com"},
        {"com", "com"},
        {"a", "a"},
        {"_dmarc.example.com", "_dmarc.example.com"},
        {"_", "_"},
        {"-a-.b-", "-a-.b-"},
        {"r3---sn-x.example.com", "r3---sn-x.example.com"},
        {label63 + '.' + label63 + '.' + label63 + "." + std::string(52, 'b') + ".Ü.",
         label63 + '.' + label63 + '.' + label63 + "." + std::string(52, 'b') + ".xn--tda"},
        {"1.2.3", "1.2.3"},
        {"1.2.3.4.5", "1.2.3.4.5"},
        {"01.2.3.4", "01.2.3.4"},
        {"256.1.1.1", "256.1.1.1"},
        {"4.3.2.1.in-addr.arpa", "4.3.2.1.in-addr.arpa"},
        {"xn--mnchen-3ya.de", "xn--mnchen-3ya.de"},
        {"XN--MNCHEN-3YA.DE", "xn--mnchen-3ya.de"},
        {"xn--not-punycode-at-all-99999", "xn--not-punycode-at-all-99999"},
        {label63, label63},
        {name253, name253},
        {name253 + ".", name253},
        // U-labels, UTS 46 non-transitional
        {"münchen.de", "xn--mnchen-3ya.de"},
        {"MÜNCHEN.DE", "xn--mnchen-3ya.de"},
        {"mu\xcc\x88nchen.de", "xn--mnchen-3ya.de"},
        {"faß.de", "xn--fa-hia.de"},
        {"例え.テスト", "xn--r8jz45g.xn--zckzah"},
        {"例え。テスト。", "xn--r8jz45g.xn--zckzah"},
        {"ü_x.com", "xn--_x-wka.com"},
        {"_tcp.münchen.de", "_tcp.xn--mnchen-3ya.de"},
        {"ｅｘａｍｐｌｅ．ｃｏｍ", "example.com"},
        {"a\xc2\xad.com", "a.com"},
        {"ü.xn--mnchen-3ya.de", "xn--tda.xn--mnchen-3ya.de"},
        // ASCII labels beside them
        {"R3---sn-x.münchen.de", "r3---sn-x.xn--mnchen-3ya.de"},
        {"-a-.münchen.de", "-a-.xn--mnchen-3ya.de"},
        {"münchen｡a-．xn--zzzzzz99。de", "xn--mnchen-3ya.a-.xn--zzzzzz99.de"},
    };
    for (const auto& [text, name] : table) {
        const auto read = Name::parse(text);
        ASSERT_TRUE(std::holds_alternative<Name>(read))
            << text << ' ' << describe(std::get<NameError>(read));
        EXPECT_EQ(std::get<Name>(read).text(), name) << text;
    }
}

TEST(NameTest, SaysWhatIsWrong) {
    const std::pair<std::string, NameError> table[] = {
        {"", NameError::empty},
        {".", NameError::empty},
        {"\xe3\x80\x82", NameError::empty},
        {"\xc2\xad", NameError::empty},
        {"\xc2\xad.", NameError::empty},
        {"1.2.3.4", NameError::ip_literal},
        {"1.2.3.4.", NameError::ip_literal},
        {"255.255.255.255", NameError::ip_literal},
        {"::", NameError::ip_literal},
        {"::1", NameError::ip_literal},
        {"2001:db8::1", NameError::ip_literal},
        {"2001:DB8::1.", NameError::ip_literal},
        {"[::1]", NameError::ip_literal},
        {"[1.2.3.4]", NameError::ip_literal},
        {"fe80::1%eth0", NameError::ip_literal},
        {"[fe80::1%eth0]", NameError::ip_literal},
        {"::ffff:1.2.3.4", NameError::ip_literal},
        {"１２７．０．０．１", NameError::ip_literal},
        {"1\xe3\x80\x82"
         "2.3.4",
         NameError::ip_literal},
        {"..", NameError::empty_label},
        {".com", NameError::empty_label},
        {"a..com", NameError::empty_label},
        {"a.com..", NameError::empty_label},
        {"ü..com", NameError::empty_label},
        {".ü", NameError::empty_label},
        {"例え。。", NameError::empty_label},
        {std::string(64, 'a'), NameError::label_too_long},
        {"x." + std::string(64, 'a') + ".com", NameError::label_too_long},
        {repeat("ü", 70) + ".de", NameError::label_too_long},
        {name253 + "b", NameError::too_long},
        {name253 + "b.", NameError::too_long},
        {repeat("ab.", 85), NameError::too_long},
        {std::string(10 << 20, ' '), NameError::too_long},
        {std::string(10 << 20, '\xff'), NameError::too_long},
        {repeat("ü.", 200), NameError::too_long},
        // What comes after is not even looked at: it may be long.
        {repeat("ü.", 100) + "☃", NameError::too_long},
        {label63 + '.' + label63 + '.' + label63 + '.' + label63 + ".☃", NameError::too_long},
        {".☃", NameError::empty_label},
        {"a..☃", NameError::empty_label},
        {"\xc2\xad.☃", NameError::empty_label},
        {" ", NameError::bad_character},
        {"a b.com", NameError::bad_character},
        {"example.com ", NameError::bad_character},
        {"a\0b.com"s, NameError::bad_character},
        {"a.com\0"s, NameError::bad_character},
        {"ü.com\0"s, NameError::bad_character},
        {"ü com", NameError::bad_character},
        {"a\\032b.com", NameError::bad_character},
        {"a\tb", NameError::bad_character},
        {"a\x7f", NameError::bad_character},
        {"*.example.com", NameError::bad_character},
        {"a@b.com", NameError::bad_character},
        {"http://example.com/", NameError::bad_character},
        {"example.com:53", NameError::bad_character},
        {"1.2.3.4:53", NameError::bad_character},
        {"1.2.3.4/24", NameError::bad_character},
        {"1.2.3.4%eth0", NameError::bad_character},
        {"[::1]:53", NameError::bad_character},
        {"::1%", NameError::bad_character},
        {"[]", NameError::bad_character},
        {"ü/x.com", NameError::bad_character},
        {"\xff", NameError::bad_utf8},
        {"a\xc3", NameError::bad_utf8},
        {"a\xc3.com", NameError::bad_utf8},
        {"\xc0\xae.com", NameError::bad_utf8},
        {"\xe0\x80\xae.com", NameError::bad_utf8},
        {"\xed\xa0\x80.com", NameError::bad_utf8},
        {"\xf0\x80\x80\x80.com", NameError::bad_utf8},
        {"\xf4\x90\x80\x80.com", NameError::bad_utf8},
        {"\x80.com", NameError::bad_utf8},
        {"a b\xff", NameError::bad_utf8},
        {"\xef\xbf\xbd.com", NameError::bad_idna},
        {"xn--ü.de", NameError::bad_idna},
        {"ü.r3---sn-ü.de", NameError::bad_idna},
        {"☃.net", NameError::bad_idna},
        {"i❤.ws", NameError::bad_idna},
        {"-ü.com", NameError::bad_idna},
        {"\xe2\x80\x8d.com", NameError::bad_idna},
    };
    for (const auto& [text, error] : table) {
        const auto shown = text.substr(0, 60);
        const auto read = Name::parse(text);
        ASSERT_TRUE(std::holds_alternative<NameError>(read))
            << shown << " -> " << std::get<Name>(read).text();
        EXPECT_EQ(std::get<NameError>(read), error)
            << shown << ' ' << describe(std::get<NameError>(read));
        EXPECT_FALSE(describe(error).empty());
    }
}

TEST(NameTest, AnyByteAloneIsAccountedFor) {
    for (int byte = 0; byte < 256; ++byte) {
        const char text[] = {'a', static_cast<char>(byte), 'b'};
        const bool fine = Name::parse({text, 3}).index() == 0;
        const bool expected = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                              (byte >= 'A' && byte <= 'Z') || byte == '-' || byte == '_' ||
                              byte == '.';
        EXPECT_EQ(fine, expected) << byte;
    }
}

TEST(NameTest, KnowsItsAncestors) {
    const auto name = std::get<Name>(Name::parse("a.localhost"));
    EXPECT_TRUE(name.is_at_or_below("localhost"));
    EXPECT_TRUE(name.is_at_or_below("a.localhost"));
    EXPECT_FALSE(name.is_at_or_below("b.a.localhost"));
    EXPECT_FALSE(name.is_at_or_below("host"));
    EXPECT_FALSE(std::get<Name>(Name::parse("notlocalhost")).is_at_or_below("localhost"));
}

TEST(NameTest, EqualNamesHashAlike) {
    const auto one = std::get<Name>(Name::parse("Example.com."));
    const auto other = std::get<Name>(Name::parse("example.COM"));
    EXPECT_EQ(one, other);
    EXPECT_EQ(std::hash<Name>()(one), std::hash<Name>()(other));
    EXPECT_NE(one, std::get<Name>(Name::parse("example.org")));
}

}  // namespace
}  // namespace dns_tools::dns
