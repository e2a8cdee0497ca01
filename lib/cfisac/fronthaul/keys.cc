// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cerrno>
#include <cfisac/fronthaul/keys.h>
#include <cstdio>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

namespace cfisac::fronthaul {
namespace {

constexpr std::size_t raw_key_size = 32;
constexpr std::size_t largest_file = 1 << 20;
constexpr std::size_t longest_name = 64;

[[noreturn]] void fail(const std::string& path, const std::string& what)
{
    throw KeyError(path + ": " + what);
}

[[noreturn]] void fail_with_errno(const std::string& path, const std::string& what)
{
    fail(path, what + ": " + std::strerror(errno));
}

//! A file that is closed in the end.
class File
{
public:
    explicit File(int handle) : d_handle(handle) {}
    ~File()
    {
        if (d_handle >= 0) {
            ::close(d_handle);
        }
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    int handle() const { return d_handle; }
    bool is_open() const { return d_handle >= 0; }

private:
    const int d_handle;
};

std::string octal(unsigned mode)
{
    char text[16];
    std::snprintf(text, sizeof(text), "%04o", mode & 07777u);
    return text;
}

/*! The text of a file that nobody has a permission of `forbidden` for.
 * \param advice what to do about it
 */
std::string read_text(const std::string& path,
                      unsigned forbidden,
                      const std::string& advice)
{
    const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.is_open()) {
        fail_with_errno(path, "cannot be read");
    }
    struct stat status {
    };
    if (::fstat(file.handle(), &status) != 0) {
        fail_with_errno(path, "cannot be read");
    }
    if (!S_ISREG(status.st_mode)) {
        fail(path, "is not a file");
    }
    if ((status.st_mode & forbidden) != 0) {
        fail(path, "its permissions are " + octal(status.st_mode) + ": " + advice);
    }
    if (status.st_size > static_cast<off_t>(largest_file)) {
        fail(path, "is larger than " + std::to_string(largest_file) + " bytes");
    }
    std::string text;
    char part[4096];
    for (;;) {
        const auto got = ::read(file.handle(), part, sizeof(part));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            fail_with_errno(path, "cannot be read");
        }
        if (got == 0) {
            return text;
        }
        text.append(part, static_cast<std::size_t>(got));
        if (text.size() > largest_file) {
            fail(path, "is larger than " + std::to_string(largest_file) + " bytes");
        }
    }
}

//! Write the text of a file whose handle is new, and put it on the disk.
void write_text(const std::string& path, int handle, const std::string& text, mode_t mode)
{
    std::size_t written = 0;
    while (written < text.size()) {
        const auto done = ::write(handle, text.data() + written, text.size() - written);
        if (done < 0 && errno != EINTR) {
            fail_with_errno(path, "cannot be written");
        }
        written += done > 0 ? static_cast<std::size_t>(done) : 0;
    }
    if (::fchmod(handle, mode) != 0 || ::fsync(handle) != 0) {
        fail_with_errno(path, "cannot be written");
    }
}

//! Make a file; nothing of it is left when that fails.
void create(const std::string& path, const std::string& text, mode_t mode)
{
    const File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (!file.is_open()) {
        fail_with_errno(path, "cannot be made");
    }
    try {
        write_text(path, file.handle(), text, mode);
    } catch (...) {
        ::unlink(path.c_str());
        throw;
    }
}

//! Make a file or put it in the place of another.
void replace(const std::string& path, const std::string& text, mode_t mode)
{
    const auto temporary = path + ".new";
    ::unlink(temporary.c_str());
    create(temporary, text, mode);
    if (::rename(temporary.c_str(), path.c_str()) != 0) {
        const int cause = errno;
        ::unlink(temporary.c_str());
        errno = cause;
        fail_with_errno(path, "cannot be written");
    }
}

bool exists(const std::string& path)
{
    struct stat status {
    };
    return ::lstat(path.c_str(), &status) == 0;
}

bool is_key(const std::string& text)
{
    std::uint8_t raw[raw_key_size];
    return text.size() == key_length && zmq_z85_decode(raw, text.c_str()) != nullptr;
}

bool is_name(const std::string& text)
{
    return !text.empty() && text.size() <= longest_name &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
           });
}

std::optional<std::uint16_t> to_access_point(const std::string& text)
{
    const bool digits = !text.empty() && text.size() <= 5 &&
                        std::all_of(text.begin(), text.end(), [](char c) {
                            return c >= '0' && c <= '9';
                        });
    const auto value = digits ? std::stoul(text) : 65536ul;
    return value < 65536ul ? std::optional(static_cast<std::uint16_t>(value))
                           : std::nullopt;
}

//! The lines of a file that say something, with their numbers.
std::vector<std::pair<int, std::string>> lines_of(const std::string& text)
{
    std::vector<std::pair<int, std::string>> lines;
    std::istringstream stream(text);
    std::string line;
    for (int number = 1; std::getline(stream, line); ++number) {
        if (!line.empty() && line.back() == '\r') {
            line.pop_back();
        }
        if (line.find_first_not_of(" \t") != std::string::npos && line[0] != '#') {
            lines.emplace_back(number, line);
        }
    }
    return lines;
}

std::vector<std::string> words_of(const std::string& line)
{
    std::istringstream stream(line);
    std::vector<std::string> words;
    std::string word;
    while (stream >> word) {
        words.push_back(word);
    }
    return words;
}

//! Keys of a file by the words before them.
std::map<std::string, std::string> read_keys(const std::string& path,
                                             const std::string& text)
{
    std::map<std::string, std::string> keys;
    for (const auto& [number, line] : lines_of(text)) {
        const auto where = "line " + std::to_string(number) + ": ";
        const auto words = words_of(line);
        if (words.size() != 2 || (words[0] != "public" && words[0] != "secret")) {
            fail(path, where + "want the word public or secret and a key");
        }
        if (!is_key(words[1])) { // which may be a secret: not shown
            fail(path, where + "the " + words[0] + " key is not one");
        }
        if (!keys.emplace(words[0], words[1]).second) {
            fail(path, where + "a second " + words[0] + " key");
        }
    }
    return keys;
}

std::string need(const std::map<std::string, std::string>& keys,
                 const std::string& path,
                 const std::string& word)
{
    const auto found = keys.find(word);
    if (found == keys.end()) {
        fail(path, "has no " + word + " key");
    }
    return found->second;
}

std::string public_text(const KeyPair& pair)
{
    return "public " + pair.public_key + "\n";
}

std::string line_of(const AuthorisedKey& key)
{
    return std::to_string(key.access_point) + " " + key.public_key + " " + key.name +
           "\n";
}

} // namespace

KeyPair make_key_pair()
{
    char public_key[key_length + 1];
    char secret_key[key_length + 1];
    if (zmq_curve_keypair(public_key, secret_key) != 0) {
        throw KeyError(std::string("no keys can be made: ") + zmq_strerror(zmq_errno()));
    }
    return {public_key, secret_key};
}

void write_key_pair(const std::string& name, const KeyPair& pair, bool overwrite)
{
    const auto key_path = name + ".key";
    const auto public_path = name + ".pub";
    const auto secret_text = "# Secret key of a gr-isac fronthaul: whoever reads it can "
                             "pass for this machine.\n" +
                             public_text(pair) + "secret " + pair.secret_key + "\n";
    if (overwrite) {
        replace(key_path, secret_text, 0600);
        replace(public_path, public_text(pair), 0644);
        return;
    }
    for (const auto& path : {key_path, public_path}) {
        if (exists(path)) {
            fail(path, "is there already");
        }
    }
    create(key_path, secret_text, 0600);
    try {
        create(public_path, public_text(pair), 0644);
    } catch (...) {
        ::unlink(key_path.c_str());
        throw;
    }
}

KeyPair read_key_pair(const std::string& path)
{
    const auto keys =
        read_keys(path,
                  read_text(path,
                            S_IRWXG | S_IRWXO,
                            "others may not have access to a secret key (chmod 600)"));
    KeyPair pair{need(keys, path, "public"), need(keys, path, "secret")};
    char derived[key_length + 1];
    if (zmq_curve_public(derived, pair.secret_key.c_str()) != 0) {
        fail(path, std::string("cannot be used: ") + zmq_strerror(zmq_errno()));
    }
    if (pair.public_key != derived) {
        fail(path, "its public key does not belong to its secret key");
    }
    return pair;
}

std::string read_public_key(const std::string& path)
{
    const auto keys = read_keys(path, read_text(path, 0, ""));
    if (keys.count("secret") > 0) {
        fail(path, "holds a secret key; want the file with the public key alone (.pub)");
    }
    return need(keys, path, "public");
}

std::vector<AuthorisedKey> read_authorised_keys(const std::string& path)
{
    const auto text = read_text(path, S_IWOTH, "not everybody may write it (chmod o-w)");
    std::vector<AuthorisedKey> result;
    std::set<std::uint16_t> access_points;
    std::set<std::string> keys;
    for (const auto& [number, line] : lines_of(text)) {
        const auto where = "line " + std::to_string(number) + ": ";
        const auto words = words_of(line);
        if (words.size() != 3) {
            fail(path, where + "want an access point, a public key and a name");
        }
        const auto access_point = to_access_point(words[0]);
        if (!access_point) {
            fail(path, where + "'" + words[0] + "' is not an access point, 0 to 65535");
        }
        if (!is_key(words[1])) {
            fail(path, where + "'" + words[1] + "' is not a public key");
        }
        if (!is_name(words[2])) {
            fail(path, where + "'" + words[2] + "' is not a name");
        }
        if (!access_points.insert(*access_point).second) {
            fail(path, where + "a second key for access point " + words[0]);
        }
        if (!keys.insert(words[1]).second) {
            fail(path, where + "this key stands in another line, too");
        }
        result.push_back({*access_point, words[1], words[2]});
    }
    return result;
}

void authorise(const std::string& path, const AuthorisedKey& key, bool replaced)
{
    if (!is_key(key.public_key)) {
        throw KeyError("'" + key.public_key + "' is not a public key");
    }
    if (!is_name(key.name)) {
        throw KeyError(
            "'" + key.name +
            "' is not a name: want letters, digits, '-', '_' and '.', at most " +
            std::to_string(longest_name));
    }
    auto keys = exists(path) ? read_authorised_keys(path) : std::vector<AuthorisedKey>{};
    if (replaced) {
        keys.erase(std::remove_if(keys.begin(),
                                  keys.end(),
                                  [&](const AuthorisedKey& other) {
                                      return other.access_point == key.access_point;
                                  }),
                   keys.end());
    }
    for (const auto& other : keys) {
        if (other.access_point == key.access_point) {
            fail(path,
                 "access point " + std::to_string(key.access_point) + " has the key of " +
                     other.name);
        }
        if (other.public_key == key.public_key) {
            fail(path,
                 "the key is that of access point " + std::to_string(other.access_point));
        }
    }
    keys.push_back(key);
    std::string text =
        "# Access point, public key and name of the machines that may send "
        "packets.\n";
    for (const auto& each : keys) {
        text += line_of(each);
    }
    replace(path, text, 0644);
}

} // namespace cfisac::fronthaul
