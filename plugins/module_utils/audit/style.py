# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The style of the page. Light and dark are two sets of the same colours; paper is always light."""

from __future__ import annotations

LIGHT = """
--ground:#f6f7f9;--card:#fff;--line:#dfe3e8;--ink:#16202c;--soft:#5a6776;--faint:#eef1f4;--link:#1558b0;
--critical:#a3123a;--high:#c8401a;--medium:#a86b00;--low:#4f6478;--holds:#1e7d4f;--unseen:#6a55a8;--suppressed:#7d8794;
--not_applicable:#c3cad2;--public:#2f72c4;--app:#1e8a6a;--data:#8a5cc0;--other:#7d8794;
--bad-ground:#fdf0ee;--good-ground:#edf8f1"""
DARK = """
--ground:#10151b;--card:#181f27;--line:#2c3642;--ink:#e7ecf1;--soft:#9aa8b6;--faint:#1f2832;--link:#7db4ff;
--critical:#ff6b8e;--high:#ff8a5c;--medium:#e6b04a;--low:#9bb0c4;--holds:#57c98d;--unseen:#b09cf0;--suppressed:#8793a0;
--not_applicable:#4a5663;--public:#6ea8f0;--app:#4fc3a0;--data:#b794ea;--other:#8793a0;
--bad-ground:#2a1a1a;--good-ground:#13261c"""
STYLE = (
    f":root{{color-scheme:light dark;{LIGHT}}}"
    f"@media (prefers-color-scheme:dark){{:root{{{DARK}}}}}"
    f"@media print{{:root{{color-scheme:light;{LIGHT};--ground:#fff}}}}"
    """
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:1240px;margin:0 auto;padding:28px 24px 60px}
h1,h2,h3,p,ul,ol,dl,dd{margin:0;padding:0}
ul,ol{list-style:none}
a{color:var(--link)}
section,header{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:24px 28px;
margin-bottom:18px}
header{border-left:8px solid var(--holds);background:var(--good-ground);padding:26px 30px}
header.unjudged{border-left-color:var(--soft);background:var(--card)}
header.bad{border-left-color:var(--high);background:var(--bad-ground)}
.kicker{color:var(--soft);font-size:14px}
h1{font-size:42px;line-height:1.15;letter-spacing:-.02em;color:var(--holds);margin:2px 0 6px}
.bad h1{color:var(--high)}
.unjudged h1{color:var(--soft)}
.lead{font-size:18px;max-width:46em}
dl{display:flex;flex-wrap:wrap;gap:8px 36px;margin-top:18px}
dt{color:var(--soft);font-size:12.5px}
dd{font-weight:600;font-variant-numeric:tabular-nums}
h2{font-size:20px;letter-spacing:-.01em;margin-bottom:14px}
h3{font-size:15px}
.two{display:grid;grid-template-columns:1fr 1fr;gap:36px}
.two h3{color:var(--soft);font-weight:500;font-size:13.5px;margin-bottom:8px}
.tiles{display:grid;grid-template-columns:repeat(4,1fr);gap:10px}
.tile{border:1px solid var(--line);border-top:4px solid var(--c);border-radius:9px;padding:8px 12px 10px}
.tile b{display:block;font-size:30px;line-height:1.2;color:var(--c);font-variant-numeric:tabular-nums}
.tile.none b{color:var(--soft)}
.tile span{color:var(--soft);font-size:13.5px}
.critical{--c:var(--critical)}.high{--c:var(--high)}.medium{--c:var(--medium)}.low{--c:var(--low)}
.fails{--c:var(--high)}.holds{--c:var(--holds)}.unseen{--c:var(--unseen)}.suppressed{--c:var(--suppressed)}
.not_applicable{--c:var(--not_applicable)}
.bar{display:flex;gap:2px;height:26px;border-radius:7px;overflow:hidden}
.bar i,.key i{background:var(--c);-webkit-print-color-adjust:exact;print-color-adjust:exact}
.key{display:flex;flex-wrap:wrap;gap:4px 18px;margin-top:10px;font-size:13.5px;color:var(--soft)}
.key i{display:inline-block;width:11px;height:11px;border-radius:3px;margin-right:6px}
.key b{color:var(--ink)}
.needs{display:grid;grid-template-columns:repeat(auto-fill,minmax(205px,1fr));gap:8px}
.needs li{display:flex;gap:11px;align-items:center;background:var(--faint);border-radius:9px;padding:8px 12px}
.needs i,.state i{flex:none;display:inline-grid;place-items:center;border-radius:50%;background:var(--c);
color:var(--card);
font-style:normal;font-weight:700;-webkit-print-color-adjust:exact;print-color-adjust:exact}
.needs i{width:24px;height:24px;font-size:13px}
.needs b{display:block;font-size:14px;line-height:1.3}
.needs span{font-size:12.5px;color:var(--soft)}
.todo>li{border-left:4px solid var(--c);padding:2px 0 4px 16px;break-inside:avoid}
.todo>li+li{margin-top:20px}
.head{display:flex;flex-wrap:wrap;align-items:baseline;gap:4px 10px}
.severity{color:var(--c);font-weight:650;font-size:13.5px;min-width:54px}
.label{font-size:12px;color:var(--soft);border:1px solid var(--line);border-radius:5px;padding:0 6px;white-space:nowrap}
.todo p{margin:2px 0 4px;max-width:62em}
.todo table{border-collapse:collapse;font-size:13px;color:var(--soft);width:100%}
.todo td{padding:2px 22px 2px 0;vertical-align:top;overflow-wrap:anywhere}
.todo td:first-child{color:var(--ink);width:36%;font-weight:550}
summary{cursor:pointer;font-size:13px;color:var(--soft)}
.wide{width:100%;border-collapse:collapse;font-size:14px}
.wide th{text-align:left;font-weight:500;color:var(--soft);font-size:12.5px;
border-bottom:1px solid var(--line);padding:6px 14px 6px 0}
.wide td{border-bottom:1px solid var(--faint);padding:7px 14px 7px 0;vertical-align:top;overflow-wrap:anywhere}
.wide tr{break-inside:avoid}
.wide td:last-child{width:34%}
.wide small{display:block;color:var(--soft);font-size:12px}
.id{white-space:nowrap;font-variant-numeric:tabular-nums}
td.id:first-child{font-weight:600}
.state i{width:18px;height:18px;font-size:10.5px;margin-right:8px}
section>p{color:var(--soft);margin-bottom:8px}
.scroll{overflow-x:auto}
svg{display:block;width:100%;height:auto;min-width:760px;margin:0 auto;font-family:inherit}
svg text{fill:var(--ink);font-size:12.5px}
.vpc{fill:var(--faint);stroke:var(--line);stroke-width:1.5}
.vpc-name{font-size:16px!important;font-weight:650}
.zone,.cidr,.box-detail,.empty{fill:var(--soft)!important;font-size:11.5px!important}
.subnet{fill:var(--card);stroke:var(--t);stroke-width:1.5}
.subnet.public{--t:var(--public)}.subnet.app{--t:var(--app)}.subnet.data{--t:var(--data)}.subnet.other{--t:var(--other)}
.tier{font-weight:650}
.box{fill:var(--faint);stroke:var(--line)}
.box-name{font-size:13px!important;font-weight:600}
.icon{fill:none;stroke:var(--ink);stroke-width:1.5;stroke-linecap:round;stroke-linejoin:round}
.internet{fill:var(--card);stroke:var(--public);stroke-width:1.5}
.internet-name{font-weight:600}
.wire{fill:none;stroke:var(--soft);stroke-width:1.5;stroke-dasharray:5 4}
.end{fill:var(--soft)}
@media (max-width:800px){.two{grid-template-columns:1fr}main{padding:12px}
section,header{padding:18px}}
@media print{main{max-width:none;padding:0}section,header{border-radius:0;border-width:0 0 1px;padding:14px 0}
header{border-left-width:8px;padding-left:18px}body{font-size:12px}h1{font-size:30px}.scroll{overflow:visible}
svg{min-width:0}.drawing{break-inside:avoid}a{color:inherit}details::details-content{content-visibility:visible;display:block}}
"""
)
