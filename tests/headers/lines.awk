# SPDX-License-Identifier: BSL-1.0

# Counts the lines that the preprocessor leaves of a file, without empty ones. A header of the C
# library, of the kernel or of OpenSSL counts as one line: their updates within a release of Debian
# change their lines.

/^# [0-9]+ "/ {
    whole = $3 !~ /^"\/usr\/include\// || $3 ~ /^"\/usr\/include\/(.*\/)?(c\+\+|asio|asio[.]hpp|fmt)[\/"]/
    if (!whole && !($3 in opened)) {
        opened[$3] = 1
        ++lines
    }
    next
}
whole && NF { ++lines }
END { print lines + 0 }
