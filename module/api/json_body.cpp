#include "api/json_body.hpp"

#include <cstddef>
#include <nlohmann/json.hpp>
#include <utility>

#include "api/json_syntax.hpp"

namespace dns_tools::api {

namespace {

using nlohmann::json;

// Deeper bodies have no use here, and each level costs the parser memory.
constexpr std::size_t max_depth = 32;

// nlohmann_json's number for a number that no double holds.
constexpr int number_out_of_range = 406;

enum class Kind { nothing, string, null, boolean, number, object, array };

std::string_view describe(Kind kind) {
    switch (kind) {
        case Kind::nothing:
            return "nothing";
        case Kind::string:
            return "a string";
        case Kind::null:
            return "null";
        case Kind::boolean:
            return "true or false";
        case Kind::number:
            return "a number";
        case Kind::object:
            return "an object";
        case Kind::array:
            return "an array";
    }
    return {};
}

/// Takes the parser's events and keeps one member of the outermost object. Each event returns
/// whether to go on.
class MemberReader {
public:
    enum class Problem { none, syntax, not_an_object, too_deep };

    explicit MemberReader(std::string_view name) : name_(name) {}

    bool null() { return value(Kind::null); }
    bool boolean(bool) { return value(Kind::boolean); }
    bool number_integer(json::number_integer_t) { return value(Kind::number); }
    bool number_unsigned(json::number_unsigned_t) { return value(Kind::number); }
    bool number_float(json::number_float_t, const std::string&) { return value(Kind::number); }
    bool binary(json::binary_t&) { return false; }  // text has none

    bool string(std::string& text) {
        if (at_member()) {
            text_ = std::move(text);
        }
        return value(Kind::string);
    }

    bool start_object(std::size_t) { return (depth_ == 0 || value(Kind::object)) && enter(); }
    bool start_array(std::size_t) { return value(Kind::array) && enter(); }
    bool end_object() { return leave(); }
    bool end_array() { return leave(); }

    bool key(std::string& key) {
        wanted_ = key == name_;
        return true;
    }

    bool parse_error(std::size_t bytes_read, const std::string&,
                     const nlohmann::detail::exception& error) {
        problem_ = Problem::syntax;
        // What was read includes the byte in question, and one byte more at the end of the body.
        syntax_ = {bytes_read - 1, complete_, error.id == number_out_of_range};
        return false;
    }

    Kind kind() const { return kind_; }
    std::string take() { return std::move(text_); }

    Problem problem() const { return problem_; }
    /// What stands where the object should be.
    Kind outermost() const { return outermost_; }
    const SyntaxError& syntax() const { return syntax_; }

private:
    /// Whether the value that comes now belongs to the wanted name in the outermost object.
    bool at_member() const { return depth_ == 1 && wanted_; }

    bool value(Kind kind) {
        if (depth_ == 0) {
            outermost_ = kind;
            problem_ = Problem::not_an_object;
            return false;
        }
        if (at_member()) {
            kind_ = kind;
        }
        return true;
    }

    bool enter() {
        if (depth_ == max_depth) {
            problem_ = Problem::too_deep;
            return false;
        }
        ++depth_;
        return true;
    }

    bool leave() {
        complete_ = --depth_ == 0;
        return true;
    }

    std::string_view name_;
    std::size_t depth_ = 0;
    bool wanted_ = false;  // by the latest name, at any depth
    Kind kind_ = Kind::nothing;
    std::string text_;

    Problem problem_ = Problem::none;
    Kind outermost_ = Kind::nothing;
    bool complete_ = false;
    SyntaxError syntax_;
};

std::string describe_problem(std::string_view body, const MemberReader& reader) {
    switch (reader.problem()) {
        case MemberReader::Problem::not_an_object:
            return "must be a JSON object, not " + std::string(describe(reader.outermost()));
        case MemberReader::Problem::too_deep:
            return "is nested more than " + std::to_string(max_depth) + " levels deep";
        case MemberReader::Problem::syntax:
        case MemberReader::Problem::none:
            break;
    }
    return describe(body, reader.syntax());
}

Reply bad_body(const std::string& problem) {
    return error(400, "invalid_body", "the body " + problem);
}

}  // namespace

std::variant<std::string, Reply> string_member(std::string_view body, std::string_view name,
                                               std::string_view code) {
    if (body.empty()) {
        return bad_body("is empty: it must be a JSON object, {\"" + std::string(name) +
                        "\": \"...\"}");
    }
    // The parser takes a NUL for the end of its input, and would not look behind it.
    if (const auto nul = body.find('\0'); nul != body.npos) {
        return bad_body("has a NUL at byte " + std::to_string(nul));
    }

    MemberReader reader(name);
    if (!json::sax_parse(body.begin(), body.end(), &reader)) {
        return bad_body(describe_problem(body, reader));
    }
    if (reader.kind() == Kind::string) {
        return reader.take();
    }
    std::string message = "the parameter " + std::string(name);
    if (reader.kind() == Kind::nothing) {
        message.append(" is missing: the body must have it as a string, {\"");
        message.append(name).append("\": \"...\"}");
    } else {
        message.append(" must be a string, not ").append(describe(reader.kind()));
    }
    return error(400, code, message);
}

}  // namespace dns_tools::api
