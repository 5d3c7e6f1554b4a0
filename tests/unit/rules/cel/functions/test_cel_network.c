/* Addresses and networks, and base64 (cel_encoders.c). */
#include "tests/support/cel_expression.h"
#include "tests/support/check_main.h"

START_TEST(texts_that_are_no_address)
{
    static const char *const wrong[] = {
        "",          "1.2.3",          "1.2.3.4.5",  "1.2.3.256", "01.2.3.4",    "1.2.3.4 ",
        "::1%eth0",  "::ffff:1.2.3.4", "::ffff:0:0", "1::2::3",   "12345::",     ":",
        "1.2.3.4/8", "fe80:::1",       "g::",        "0x1.2.3.4", "1.2.3.4\\000"};
    char expression[128];

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        snprintf(expression, sizeof(expression), "!isIP('%s')", wrong[i]);
        cel_holds(expression);
        snprintf(expression, sizeof(expression), "ip('%s')", wrong[i]);
        cel_fails(expression, "is no IP address");
        snprintf(expression, sizeof(expression), "ip.isCanonical('%s')", wrong[i]);
        cel_fails(expression, "is no IP address");
    }
}
END_TEST

START_TEST(texts_that_are_no_network)
{
    static const char *const wrong[] = {"",         "10.0.0.0",     "10.0.0.0/",    "10.0.0.0/33",
                                        "::/129",   "10.0.0.0/08",  "10.0.0.0/-1",  "10.0.0/8",
                                        "/8",       "10.0.0.0/8/8", "10.0.0.0/999", "10.0.0.0/1000",
                                        "::1%a/64", "10.0.0.0/ 8"};
    char expression[128];

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        snprintf(expression, sizeof(expression), "!isCIDR('%s')", wrong[i]);
        cel_holds(expression);
        snprintf(expression, sizeof(expression), "cidr('%s')", wrong[i]);
        cel_fails(expression, "is no network");
    }
    cel_fails("cidr('10.0.0.0/8').containsIP('x')", "is no IP address");
    cel_fails("cidr('10.0.0.0/8').containsCIDR('10.0.0.1')", "is no network");
}
END_TEST

START_TEST(addresses)
{
    cel_holds(
        "isIP('192.168.0.1') && isIP('2001:db8::abcd') && type(ip('::1')) == type(ip('1.2.3.4'))");
    cel_holds("ip('127.0.0.1').family() == 4 && ip('::1').family() == 6");
    cel_holds("ip('2001:DB8::1') == ip('2001:db8:0:0::1') && ip('1.2.3.4') != ip('1.2.3.5')");
    cel_holds("ip('0.0.0.0') != ip('::')");
    cel_holds("string(ip('2001:DB8:0:0:1:0:0:1')) == '2001:db8::1:0:0:1'");
    cel_holds("string(ip('2001:db8:0:1:1:1:1:1')) == '2001:db8:0:1:1:1:1:1'");
    cel_holds(
        "string(ip('::')) == '::' && string(ip('1::')) == '1::' && string(ip('::1')) == '::1'");
    cel_holds(
        "string(ip('1:0:0:2:0:0:0:3')) == '1:0:0:2::3' && string(ip('::1.2.3.4')) == '::102:304'");
    cel_holds("ip.isCanonical('127.0.0.1') && ip.isCanonical('2001:db8::abcd')");
    cel_holds("!ip.isCanonical('2001:DB8::ABCD') && !ip.isCanonical('2001:db8:0:0::abcd')");
}
END_TEST

START_TEST(kinds_of_addresses)
{
    cel_holds(
        "ip('0.0.0.0').isUnspecified() && ip('::').isUnspecified() && !ip('::1').isUnspecified()");
    cel_holds("ip('127.9.0.1').isLoopback() && ip('::1').isLoopback() && !ip('::2').isLoopback()");
    cel_holds("ip('169.254.1.1').isLinkLocalUnicast() && ip('fe80::1').isLinkLocalUnicast()");
    cel_holds("!ip('fec0::1').isLinkLocalUnicast() && ip('febf::1').isLinkLocalUnicast()");
    cel_holds("ip('224.0.0.1').isLinkLocalMulticast() && ip('ff02::1').isLinkLocalMulticast()");
    cel_holds("!ip('224.0.1.1').isLinkLocalMulticast() && !ip('ff05::1').isLinkLocalMulticast()");
    cel_holds("ip('192.168.0.1').isGlobalUnicast() && ip('2001:db8::1').isGlobalUnicast()");
    cel_holds("['0.0.0.0', '127.0.0.1', '169.254.0.1', '224.0.0.1', '239.1.1.1', '255.255.255.255',"
              " '::', '::1', 'fe80::1', 'ff0e::1'].all(x, !ip(x).isGlobalUnicast())");
}
END_TEST

START_TEST(networks)
{
    cel_holds("cidr('192.168.0.0/24').containsIP(ip('192.168.0.1'))");
    cel_holds("cidr('192.168.0.0/24').containsIP('192.168.0.255')");
    cel_holds("!cidr('192.168.0.0/24').containsIP('192.168.1.0')");
    cel_holds("!cidr('0.0.0.0/0').containsIP('::1') && cidr('0.0.0.0/0').containsIP('255.0.0.1')");
    cel_holds("cidr('2001:db8::/33').containsIP('2001:db8:7fff::1')");
    cel_holds("!cidr('2001:db8::/33').containsIP('2001:db8:8000::1')");
    cel_holds("cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') && cidr('10.0.0.0/8').containsCIDR("
              "cidr('10.0.0.0/8'))");
    cel_holds("!cidr('10.0.0.0/8').containsCIDR('0.0.0.0/0')");
    cel_holds("!cidr('10.0.0.0/8').containsCIDR('11.0.0.0/16')");
    cel_holds("cidr('192.168.5.1/24').ip() == ip('192.168.5.1')");
    cel_holds("cidr('192.168.5.1/24').prefixLength() == 24");
    cel_holds("cidr('192.168.5.1/20').masked() == cidr('192.168.0.0/20')");
    cel_holds("string(cidr('2001:DB8::1/48').masked()) == '2001:db8::/48'");
    cel_holds("cidr('1.2.3.4/0').masked() == cidr('0.0.0.0/0') && isCIDR('1.2.3.4/32')");
    cel_holds("cidr('1.2.3.4/31') != cidr('1.2.3.4/32')");
}
END_TEST

START_TEST(base64)
{
    cel_fails("base64.decode('a')", "no base64");
    cel_fails("base64.decode('a b=')", "no base64");
    cel_holds("base64.encode(b'hello') == 'aGVsbG8=' && base64.encode(b'') == ''");
    cel_holds("base64.decode('aGVsbG8=') == b'hello' && base64.decode('aGVsbG8') == b'hello'");
    cel_holds("base64.decode(base64.encode(b'\\x00\\xff')) == b'\\x00\\xff'");
}
END_TEST

CHECK_MAIN("cel_network", texts_that_are_no_address, texts_that_are_no_network, addresses,
           kinds_of_addresses, networks, base64)
