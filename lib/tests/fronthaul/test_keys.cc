// SPDX-License-Identifier: GPL-3.0-or-later
#include "key_folder.h"

#include <cfisac/fronthaul/keys.h>

#include <sys/stat.h>

namespace cfisac::fronthaul {
namespace {

using test::error_of;
using test::Folder;

unsigned permissions(const std::string& path)
{
    struct stat status {
    };
    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 07777u;
}

void expect_in(const std::string& text, const std::vector<std::string>& parts)
{
    for (const auto& part : parts) {
        EXPECT_NE(text.find(part), std::string::npos) << "'" << part << "' in: " << text;
    }
}

TEST(Keys, ReadAsWritten)
{
    const Folder folder;
    const auto pair = make_key_pair();
    EXPECT_EQ(pair.public_key.size(), key_length);
    EXPECT_EQ(pair.secret_key.size(), key_length);
    EXPECT_NE(make_key_pair().secret_key, pair.secret_key);
    const auto mask = ::umask(0);
    write_key_pair(folder.file("ap"), pair, false);
    ::umask(mask);
    EXPECT_EQ(permissions(folder.file("ap.key")), 0600u);
    const auto read = read_key_pair(folder.file("ap.key"));
    EXPECT_EQ(read.public_key, pair.public_key);
    EXPECT_EQ(read.secret_key, pair.secret_key);
    EXPECT_EQ(read_public_key(folder.file("ap.pub")), pair.public_key);
    EXPECT_EQ(folder.read("ap.pub").find(pair.secret_key), std::string::npos);
}

TEST(Keys, NotOverwrittenUnlessAsked)
{
    const Folder folder;
    const auto first = make_key_pair();
    const auto second = make_key_pair();
    write_key_pair(folder.file("ap"), first, false);
    expect_in(error_of([&] { write_key_pair(folder.file("ap"), second, false); }),
              {"ap.key", "is there already"});
    EXPECT_EQ(read_key_pair(folder.file("ap.key")).secret_key, first.secret_key);
    // Nor is a file of which one half is there.
    std::filesystem::remove(folder.file("ap.key"));
    expect_in(error_of([&] { write_key_pair(folder.file("ap"), second, false); }),
              {"ap.pub", "is there already"});
    EXPECT_FALSE(std::filesystem::exists(folder.file("ap.key")));
    write_key_pair(folder.file("ap"), second, true);
    EXPECT_EQ(read_key_pair(folder.file("ap.key")).secret_key, second.secret_key);
    EXPECT_EQ(permissions(folder.file("ap.key")), 0600u);
    EXPECT_EQ(read_public_key(folder.file("ap.pub")), second.public_key);
}

TEST(Keys, SecretThatOthersCanReadIsRefused)
{
    const Folder folder;
    write_key_pair(folder.file("ap"), make_key_pair(), false);
    for (const mode_t mode : {0640, 0604, 0660, 0610, 0644}) {
        ASSERT_EQ(::chmod(folder.file("ap.key").c_str(), mode), 0);
        expect_in(error_of([&] { read_key_pair(folder.file("ap.key")); }),
                  {folder.file("ap.key"), "permissions"});
    }
    ASSERT_EQ(::chmod(folder.file("ap.key").c_str(), 0400), 0);
    EXPECT_EQ(error_of([&] { read_key_pair(folder.file("ap.key")); }), "");
}

TEST(Keys, WrongFiles)
{
    const Folder folder;
    const auto pair = make_key_pair();
    const auto other = make_key_pair();
    const auto key_error = [&](const std::string& text) {
        const auto path = folder.write("wrong.key", text);
        EXPECT_EQ(::chmod(path.c_str(), 0600), 0);
        return error_of([&] { read_key_pair(path); });
    };
    const auto public_line = "public " + pair.public_key + "\n";
    const auto secret_line = "secret " + pair.secret_key + "\n";
    EXPECT_EQ(key_error("# a comment\n\n" + secret_line + public_line), "");
    expect_in(key_error(""), {"wrong.key", "no public key"});
    expect_in(key_error(public_line), {"no secret key"});
    expect_in(key_error(public_line + secret_line + secret_line), {"line 3", "second"});
    expect_in(key_error("public " + other.public_key + "\n" + secret_line),
              {"does not belong"});
    const auto damaged = key_error(public_line + secret_line.substr(0, 40) + "\n");
    expect_in(damaged, {"line 2", "secret key is not one"});
    EXPECT_EQ(damaged.find(pair.secret_key.substr(0, 20)), std::string::npos);
    expect_in(key_error("private " + pair.secret_key + "\n"), {"line 1"});
    expect_in(key_error(std::string(2 << 20, '#')), {"larger"});
    expect_in(error_of([&] { read_key_pair(folder.file("nowhere.key")); }),
              {"nowhere.key", "No such file"});
    expect_in(error_of([&] { read_key_pair(folder.file("")); }), {"is not a file"});
    write_key_pair(folder.file("ap"), pair, false);
    expect_in(error_of([&] { read_public_key(folder.file("ap.key")); }),
              {"ap.key", "secret"});
    expect_in(error_of([&] { write_key_pair(folder.file("no/ap"), pair, false); }),
              {"no/ap.key", "No such file"});
}

TEST(AuthorisedKeys, AddedAndRead)
{
    const Folder folder;
    const auto path = folder.file("authorised");
    const auto north = make_key_pair().public_key;
    const auto south = make_key_pair().public_key;
    authorise(path, {0, north, "north-mast"}, false);
    authorise(path, {65535, south, "south_2.b"}, false);
    const auto keys = read_authorised_keys(path);
    ASSERT_EQ(keys.size(), 2u);
    EXPECT_EQ(keys[0].access_point, 0u);
    EXPECT_EQ(keys[0].public_key, north);
    EXPECT_EQ(keys[0].name, "north-mast");
    EXPECT_EQ(keys[1].access_point, 65535u);

    const auto fresh = make_key_pair().public_key;
    expect_in(error_of([&] {
                  authorise(path, {0, fresh, "new"}, false);
              }),
              {path, "access point 0", "north-mast"});
    expect_in(error_of([&] {
                  authorise(path, {7, north, "new"}, false);
              }),
              {path, "access point 0"});
    expect_in(error_of([&] { authorise(path, {7, fresh, "a b"}, false); }), {"'a b'"});
    expect_in(error_of([&] { authorise(path, {7, "short", "a"}, false); }), {"'short'"});
    authorise(path, {0, fresh, "new"}, true);
    EXPECT_EQ(read_authorised_keys(path).size(), 2u);
    EXPECT_EQ(read_authorised_keys(path)[1].public_key, fresh);
}

TEST(AuthorisedKeys, WrongFiles)
{
    const Folder folder;
    const auto key = make_key_pair().public_key;
    const auto other = make_key_pair().public_key;
    const auto error = [&](const std::string& text) {
        const auto path = folder.write("authorised", text);
        return error_of([&] { read_authorised_keys(path); });
    };
    EXPECT_EQ(error("# nobody\n"), "");
    expect_in(error("0 " + key + "\n"), {"authorised", "line 1", "name"});
    expect_in(error("\nx " + key + " a\n"), {"line 2", "'x'"});
    expect_in(error("65536 " + key + " a\n"), {"'65536'"});
    expect_in(error("-1 " + key + " a\n"), {"'-1'"});
    expect_in(error("0 " + key.substr(1) + " a\n"), {"public key"});
    expect_in(error("0 " + key + " a/b\n"), {"'a/b'"});
    expect_in(error("0 " + key + " a\n0 " + other + " b\n"), {"line 2", "second key"});
    expect_in(error("0 " + key + " a\n1 " + key + " b\n"), {"line 2", "another line"});
    const auto path = folder.write("authorised", "0 " + key + " a\n");
    ASSERT_EQ(::chmod(path.c_str(), 0646), 0);
    expect_in(error_of([&] { read_authorised_keys(path); }), {"0646"});
}

} // namespace
} // namespace cfisac::fronthaul
