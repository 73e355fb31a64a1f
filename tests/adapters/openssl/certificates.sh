#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# Makes the certificates of certificates_test.cpp, with the command `openssl` alone:
#
#     sh certificates.sh DIRECTORY
#
# NAME.pem is what a server sends: its certificate, and those of the authorities between it and the
# root. NAME.key is its key. root.pem and other *-root.pem are what a client trusts. Nothing of it is
# kept in the tree, because certificates expire.
#
# A certificate is good unless its name says otherwise: it is for a.example.com, ends in a day, and is
# signed by the authority `middle`, which the authority `root` has signed.

set -eu

cd "$1"
exec 3>&2 2>log
trap 'status=$?; [ $status = 0 ] || cat log >&3; exit $status' EXIT

day=86400
now=$(date +%s)
at() { date -u -d "@$((now + $1 * day))" +%Y%m%d%H%M%SZ; }
last_week=$(at -7)
yesterday=$(at -1)
tomorrow=$(at 1)
next_week=$(at 7)

# `openssl ca`, unlike `openssl x509`, can make certificates that are expired or not yet valid.
cat >ca.cnf <<'END'
[ca]
default_ca = all
[all]
database = issued
new_certs_dir = copies
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any_subject
email_in_dn = no
[any_subject]
commonName = optional
organizationName = optional
END
: >issued
mkdir copies

ec_key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }

request() { openssl req -new -config /dev/null -key "$1" -subj /CN=request -out "$2"; }

# sign FILE ISSUER SUBJECT EXTENSIONS REQUEST [MORE OPTIONS]
# Writes one certificate. The extensions stand one a line. The issuer `self` is the subject itself.
sign() {
    file=$1 issuer=$2 subject=$3 extensions=$4 asks=$5
    shift 5
    printf '%s\n' "$extensions" >extensions
    [ "$issuer" = self ] || set -- -cert "$issuer.crt" -keyfile "$issuer.key" "$@"
    openssl ca -batch -notext -config ca.cnf -in "$asks" -subj "$subject" -extfile extensions \
        -startdate "$last_week" -enddate "$tomorrow" -out "$file" "$@"
}

ca='basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash'
ee='basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth'
san='subjectAltName = DNS:a.example.com'

# root NAME [EXTENSIONS [MORE OPTIONS]]: an authority that signs itself.
root() {
    name=$1 extensions=${2-$ca}
    shift
    [ $# = 0 ] || shift
    ec_key "$name.key"
    request "$name.key" "$name.csr"
    sign "$name.crt" self "/CN=$name" "$extensions" "$name.csr" -selfsign -keyfile "$name.key" "$@"
    cp "$name.crt" "$name.pem"
    : >"$name.chain"
}

# authority NAME ISSUER [EXTENSIONS [MORE OPTIONS]]: one between a root and a server. All of them have
# the same key.
authority() {
    name=$1 issuer=$2 extensions=${3-$ca}
    shift 2
    [ $# = 0 ] || shift
    cp authority.key "$name.key"
    sign "$name.crt" "$issuer" "/CN=$name" "$extensions" authority.csr "$@"
    cat "$name.crt" "$issuer.chain" >"$name.chain"
}

# server NAME [ISSUER [EXTENSIONS [SUBJECT [MORE OPTIONS]]]]
server() {
    name=$1 issuer=${2-middle} extensions=${3-"$ee
$san"} subject=${4-/O=forest}
    shift
    [ $# = 0 ] || shift
    [ $# = 0 ] || shift
    [ $# = 0 ] || shift
    sign "$name.crt" "$issuer" "$subject" "$extensions" server.csr "$@"
    cat "$name.crt" "$issuer.chain" >"$name.pem"
    cp server.key "$name.key"
}

# named NAME SUBJECT_ALTERNATIVE_NAMES [SUBJECT]
named() {
    server "$1" middle "$ee${2:+
subjectAltName = $2}" "${3-/O=forest}"
}

ec_key server.key
request server.key server.csr
ec_key authority.key
request authority.key authority.csr
root root
authority middle root

# Names.
server good
named other-name DNS:b.example.com
named several-names DNS:b.example.com,DNS:a.example.com,DNS:c.example.com
named upper-case DNS:A.Example.COM
named parent DNS:example.com
named child DNS:b.a.example.com
named dot-at-end DNS:a.example.com.
named dot-at-begin DNS:.example.com
named wildcard 'DNS:*.example.com'
named wildcard-begin 'DNS:f*.example.com'
named wildcard-end 'DNS:*o.example.com'
named wildcard-middle 'DNS:f*o.example.com'
named wildcard-second 'DNS:a.*.com'
named wildcard-twice 'DNS:*.*.com'
named wildcard-alone 'DNS:*'
named wildcard-of-all-com 'DNS:*.com'
named wildcard-in-xn 'DNS:xn--*.example.com'
named wildcard-of-address 'DNS:*.0.0.1'
named xn DNS:xn--bcher-kva.example.com
named no-names ''
named common-name '' /CN=a.example.com
named common-name-wildcard '' '/CN=*.example.com'
named common-name-other DNS:b.example.com /CN=a.example.com
named common-name-beside-address IP:127.0.0.1 /CN=a.example.com
named common-name-address '' /CN=127.0.0.1
named email email:a@a.example.com
named uri URI:https://a.example.com/
named uri-of-name URI:a.example.com
# The DER form of dNSName "a.example.com", a zero, ".evil".
named zero-in-name DER:30:15:82:13:61:2e:65:78:61:6d:70:6c:65:2e:63:6f:6d:00:2e:65:76:69:6c
named empty-name DER:30:02:82:00
named address IP:127.0.0.1
named address-6 IP:2001:db8:0:0:0:0:0:1
named address-link-local IP:fe80::1
named address-mapped IP:::ffff:127.0.0.1
named address-as-name DNS:127.0.0.1
# An iPAddress of eight bytes, 127.0.0.1 and a mask, as in name constraints.
named address-with-mask DER:30:0a:87:08:7f:00:00:01:ff:ff:ff:ff

# Times.
server expired middle "$ee
$san" /O=forest -enddate "$yesterday"
server not-yet-valid middle "$ee
$san" /O=forest -startdate "$tomorrow" -enddate "$next_week"
authority expired-middle root "$ca" -enddate "$yesterday"
server of-expired-middle expired-middle
authority early-middle root "$ca" -startdate "$tomorrow" -enddate "$next_week"
server of-early-middle early-middle
root expired-root "$ca" -enddate "$yesterday"
server of-expired-root expired-root

# Who signed.
root unknown-root
server of-unknown-root unknown-root
server of-root root
sign self-signed.crt self /CN=a.example.com "$ee
$san" server.csr -selfsign -keyfile server.key
cp self-signed.crt self-signed.pem
cp self-signed.crt self-signed-root.pem
cp server.key self-signed.key
cp middle.crt middle-root.pem # trusted without its root
cp good.crt chain-missing.pem
cp server.key chain-missing.key
authority upper root
authority lower upper
server of-lower lower
cat of-lower.crt upper.crt lower.crt >chain-in-disorder.pem
cp server.key chain-in-disorder.key
cat good.crt unknown-root.crt upper.crt middle.crt >chain-with-strangers.pem
cp server.key chain-with-strangers.key
cat of-lower.crt lower.crt >chain-with-gap.pem
cp server.key chain-with-gap.key
# The authority has the name of a trusted one, and another key.
ec_key false-root.key
request false-root.key false-root.csr
sign false-root.crt self /CN=root "$ca" false-root.csr -selfsign -keyfile false-root.key
cp false-root.crt false-root.chain
server of-false-root false-root
# One certificate of the authority has expired, the other has not.
authority twice root
sign twice-old.crt root /CN=twice "$ca" authority.csr -enddate "$yesterday"
cat twice-old.crt twice.crt >twice.chain
server two-paths-by-time twice
# The authority was signed by an unknown root, too.
sign twice-unknown.crt unknown-root /CN=twice "$ca" authority.csr
cat twice.crt twice-unknown.crt unknown-root.crt >twice.chain
server two-paths-by-root twice
cat two-paths-by-root.crt twice-unknown.crt unknown-root.crt twice.crt >two-paths-unknown-first.pem
cp server.key two-paths-unknown-first.key
# The last bytes, those of the signature, are changed.
openssl x509 -in good.crt -outform DER -out broken.der
size=$(wc -c <broken.der)
last=$(tail -c 1 broken.der | od -An -tu1 | tr -d ' ')
{
    head -c $((size - 1)) broken.der
    printf "\\$(printf %o $((255 - last)))"
} >broken-signature.der
openssl x509 -inform DER -in broken-signature.der -out broken-signature.crt
cat broken-signature.crt middle.chain >broken-signature.pem
cp server.key broken-signature.key

# What a certificate may be used for.
server no-purpose middle "basicConstraints = critical, CA:FALSE
$san"
server two-purposes middle "extendedKeyUsage = serverAuth, clientAuth
$san"
server client-only middle "extendedKeyUsage = clientAuth
$san"
server mail-only middle "extendedKeyUsage = emailProtection
$san"
server any-purpose middle "extendedKeyUsage = anyExtendedKeyUsage
$san"
server key-for-lists middle "keyUsage = critical, cRLSign
extendedKeyUsage = serverAuth
$san"
authority client-middle root "$ca
extendedKeyUsage = clientAuth"
server of-client-middle client-middle
authority server-middle root "$ca
extendedKeyUsage = serverAuth"
server of-server-middle server-middle

# Who may sign.
authority no-authority root "basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, keyCertSign"
server of-no-authority no-authority
cp good.crt good-signs.crt
cp server.key good-signs.key
cp good.pem good-signs.chain
server of-server good-signs
authority unclear-authority root 'subjectKeyIdentifier = hash'
server of-unclear-authority unclear-authority
authority authority-by-use root 'keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash'
server of-authority-by-use authority-by-use
authority no-signing root 'basicConstraints = critical, CA:TRUE
keyUsage = critical, digitalSignature
subjectKeyIdentifier = hash'
server of-no-signing no-signing
length_0='basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash'
authority length-0 root "$length_0"
server of-length-0 length-0
authority below-length-0 length-0
server too-long below-length-0
authority length-1 root "basicConstraints = critical, CA:TRUE, pathlen:1
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash"
authority below-length-1 length-1
server of-below-length-1 below-length-1
authority below-below below-length-1
server too-long-by-one below-below
root short-root "$length_0"
server of-short-root short-root
authority below-short short-root
server too-long-for-root below-short

# Which names an authority may sign.
authority only-example root "$ca
nameConstraints = critical, permitted;DNS:example.com"
server permitted only-example
server permitted-and-more only-example "$ee
subjectAltName = DNS:a.example.com, DNS:a.other.test"
server not-permitted only-example "$ee
subjectAltName = DNS:a.other.test"
server not-permitted-suffix only-example "$ee
subjectAltName = DNS:a.notexample.com"
server not-permitted-wildcard only-example "$ee
subjectAltName = DNS:*.other.test"
server not-permitted-common-name only-example "$ee" /CN=a.other.test
server address-beside-names only-example "$ee
subjectAltName = IP:127.0.0.1"
authority not-example root "$ca
nameConstraints = critical, excluded;DNS:example.com"
server excluded not-example
server not-excluded not-example "$ee
subjectAltName = DNS:a.other.test"
authority only-ten root "$ca
nameConstraints = critical, permitted;IP:10.0.0.0/255.0.0.0"
server permitted-address only-ten "$ee
subjectAltName = IP:10.1.2.3"
server not-permitted-address only-ten "$ee
subjectAltName = IP:127.0.0.1"
authority below-only-example only-example
server not-permitted-below below-only-example "$ee
subjectAltName = DNS:a.other.test"
root example-root "$ca
nameConstraints = critical, permitted;DNS:example.com"
server permitted-by-root example-root
server not-permitted-by-root example-root "$ee
subjectAltName = DNS:a.other.test"

# Unknown extensions.
server unknown-extension middle "$ee
$san
1.2.3.4 = ASN1:UTF8String:unknown"
server unknown-critical-extension middle "$ee
$san
1.2.3.4 = critical, ASN1:UTF8String:unknown"
authority critical-middle root "$ca
1.2.3.4 = critical, ASN1:UTF8String:unknown"
server of-critical-middle critical-middle

# Keys and signatures.
for kind in rsa ed25519; do
    openssl genpkey -algorithm $kind -out $kind.key
    request $kind.key $kind.csr
    sign $kind.crt middle /O=forest "$ee
$san" $kind.csr
    cat $kind.crt middle.chain >$kind.pem
done
server sha1 middle "$ee
$san" /O=forest -md sha1
authority sha1-middle root "$ca" -md sha1
server of-sha1-middle sha1-middle
