// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_CFISAC_FRONTHAUL_KEYS_H
#define INCLUDED_CFISAC_FRONTHAUL_KEYS_H

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

/*! \file
 * Keys of the machines at both ends of a fronthaul: CURVE (Curve25519), as ZeroMQ has it.
 * In files and here a key is its 40 characters in Z85.
 *
 * - `NAME.key`, which only its owner may read: a line `public KEY` and a line `secret KEY`;
 * - `NAME.pub`: the line `public KEY`;
 * - the authorised keys of a central unit: a line `ACCESS-POINT KEY NAME` for each access
 *   point.
 *
 * Empty lines and lines that begin with `#` are passed over.
 */
namespace cfisac::fronthaul {

//! Something is wrong with a key or its file; the text names the file and what it is.
class KeyError : public std::runtime_error
{
public:
    using std::runtime_error::runtime_error;
};

//! Characters of a key.
constexpr std::size_t key_length = 40;

//! Keys of one machine, `key_length` characters each (CurveZMQ, in Z85).
struct KeyPair {
    std::string public_key; //!< may be known to everybody
    std::string secret_key; //!< to be known to this machine only
};

//! A machine that may send the packets of an access point.
struct AuthorisedKey {
    std::uint16_t access_point = 0; //!< receive access point m, counted from 0
    std::string public_key;         //!< may be known to everybody
    std::string name; //!< for people: letters, digits, '-', '_' and '.', at most 64
};

//! A new pair. \throws KeyError where ZeroMQ was built without CURVE
KeyPair make_key_pair();

/*! Write `NAME.key`, with permission 0600, and `NAME.pub`.
 * \param overwrite whether files of these names are replaced
 * \throws KeyError naming a file that is there already or cannot be written
 */
void write_key_pair(const std::string& name, const KeyPair& pair, bool overwrite);

/*! Read `NAME.key`.
 * \throws KeyError naming the file: not there, readable or writable by others than its
 * owner, not two keys, or a public key that does not belong to the secret one
 */
KeyPair read_key_pair(const std::string& path);

/*! Read the public key of a `NAME.pub`.
 * \throws KeyError naming the file: not there or not a public key
 */
std::string read_public_key(const std::string& path);

/*! Read a file of authorised keys.
 * \throws KeyError naming the file and the line: not an access point, a key and a name, or
 * an access point or a key that stands there twice; also for a file that everybody may write
 */
std::vector<AuthorisedKey> read_authorised_keys(const std::string& path);

/*! Add a key to a file of authorised keys, which is made where there is none.
 * \param replace whether it takes the place of the access point's key
 * \throws KeyError as read_authorised_keys(); also where the access point has a key already,
 * or the key has an access point, and for a name with other characters
 */
void authorise(const std::string& path, const AuthorisedKey& key, bool replace);

} // namespace cfisac::fronthaul

#endif
