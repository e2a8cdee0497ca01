// SPDX-License-Identifier: GPL-3.0-or-later
#include "checksum.h"

#ifdef CFISAC_OPENSSL
#include <openssl/evp.h>
#endif

#include <stdexcept>

namespace cfisac::recording {

#ifdef CFISAC_OPENSSL

struct Checksum::State {
    std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context{EVP_MD_CTX_new(),
                                                               &EVP_MD_CTX_free};
};

namespace {

void check(bool good)
{
    if (!good) {
        throw std::runtime_error("OpenSSL cannot compute a SHA-512");
    }
}

} // namespace

Checksum::Checksum() : d_state(std::make_unique<State>())
{
    check(d_state->context &&
          EVP_DigestInit_ex(d_state->context.get(), EVP_sha512(), nullptr) == 1);
}

bool Checksum::available() { return true; }

void Checksum::add(const char* bytes, std::size_t count)
{
    check(EVP_DigestUpdate(d_state->context.get(), bytes, count) == 1);
}

std::string Checksum::digits()
{
    unsigned char value[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    check(EVP_DigestFinal_ex(d_state->context.get(), value, &size) == 1);
    std::string text;
    for (unsigned i = 0; i < size; ++i) {
        text += "0123456789abcdef"[value[i] >> 4];
        text += "0123456789abcdef"[value[i] & 15];
    }
    return text;
}

#else

struct Checksum::State {
};

Checksum::Checksum() = default;
bool Checksum::available() { return false; }
void Checksum::add(const char*, std::size_t) {}
std::string Checksum::digits() { return ""; }

#endif

Checksum::~Checksum() = default;

} // namespace cfisac::recording
