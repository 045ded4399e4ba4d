/** The places of arrows between five lanes: each covers the lanes from its one end to its other. */
const arrows = Array.from({ length: 25 }, (_, index) => [Math.floor(index / 5), index % 5] as const)
  .filter(([start, end]) => start <= end)
  .map(([start, end]) => {
    const span = String(end - start + 1)
    return `.lane-${String(start)}-${String(end)}{grid-column:${String(start + 1)}/span ${span};margin-inline:calc(50%/${span})}`
  })
  .join('')

const rules = `
:host{all:initial;display:block;color-scheme:light dark;
--ground:light-dark(#fff,#14181f);--raised:light-dark(#f4f6f9,#1c222b);--line:light-dark(#d7dce4,#343c49);
--text:light-dark(#1a212c,#e7ebf1);--soft:light-dark(#566072,#a3adbd);--accent:light-dark(#0b5cad,#7ab8ff);
--good:light-dark(#17663a,#6fd19a);--bad:light-dark(#b3261e,#ff9c92);--faint:light-dark(#6b7380,#97a1b1)}
*{box-sizing:border-box}
aside{font:13px/1.45 system-ui,sans-serif;color:var(--text);--high:min(52vh,560px)}
aside>*{position:fixed;z-index:2147483000;inset:auto 0 0}
button{font:inherit;color:inherit;background:var(--ground);border:1px solid var(--line);border-radius:6px;padding:4px 10px;min-height:28px;cursor:pointer}
button:hover{background:var(--raised)}
:focus-visible{outline:2px solid var(--accent);outline-offset:1px}
a{color:var(--accent)}
.toggle{inset:auto 12px 12px auto;border-radius:16px;display:flex;gap:7px;align-items:center;font-weight:600;box-shadow:0 2px 10px #0003}
.toggle svg{width:16px;height:16px;flex:none}
.toggle.open{bottom:-1px;transform:translateY(calc(-1*var(--high)));border-radius:10px 10px 0 0;border-bottom-color:var(--raised);background:var(--raised);box-shadow:none}
.spacer{height:min(52vh,560px)}
.panel{height:var(--high);background:var(--ground);border-top:1px solid var(--line);box-shadow:0 -4px 24px #0002;display:flex;flex-direction:column}
.bar{display:flex;gap:8px;align-items:center;border-bottom:1px solid var(--line);padding:6px 12px;background:var(--raised)}
.bar h2{font-size:13px;margin:0 8px 0 0;white-space:nowrap}
[role=tablist]{display:flex;gap:2px;flex:1;overflow-x:auto;scrollbar-width:thin}
[role=tab]{background:none;border-color:transparent;white-space:nowrap;color:var(--soft)}
[role=tab]:hover{color:var(--text)}.bar button:hover{border-color:var(--soft)}[role=tab]:not([aria-selected=true]):hover{border-color:transparent}
[role=tab][aria-selected=true]{background:var(--ground);border-color:var(--line);color:var(--text);font-weight:600}
[role=tab]:focus-visible{outline-offset:-2px}
.count{font-variant-numeric:tabular-nums;margin-inline-start:5px;color:var(--soft);font-weight:400}
.count.bad{color:var(--bad);font-weight:600}
[role=tabpanel]{flex:1;min-height:0;overflow:auto}
.pad{padding:14px 16px}
.none{color:var(--soft);margin:0;padding:18px 16px;max-width:62ch}
.timeline{display:grid;grid-template-columns:230px minmax(0,1fr);height:100%}
.flows{list-style:none;margin:0;padding:8px;border-inline-end:1px solid var(--line);overflow:auto;display:flex;flex-direction:column;gap:4px}
.flows button{width:100%;text-align:start;border-color:transparent;display:grid;grid-template-columns:auto 1fr auto;gap:0 8px;padding:6px 10px;align-items:baseline}
.flows button[aria-pressed=true]{background:var(--raised);border-color:var(--line)}
.flows small{grid-column:2/-1;color:var(--soft)}
.dot{width:9px;height:9px;border-radius:50%;background:var(--faint)}
.connected>.dot{background:var(--good)}.failed>.dot,.denied>.dot{background:var(--bad)}
.flow{overflow:auto;padding:0 16px 16px}
.summary{display:flex;flex-wrap:wrap;gap:6px 10px;align-items:center;padding:10px 0}
.summary h3{margin:0;font-size:15px}
.summary .grow{flex:1;color:var(--soft)}
.status{font-weight:600}.status.connected{color:var(--good)}.status.failed,.status.denied{color:var(--bad)}
.sequence{list-style:none;margin:0;padding:0;min-width:0}
.sequence li{scroll-margin-top:76px}
.heads{position:sticky;top:0;background:var(--ground);z-index:1;border-bottom:1px solid var(--line)}
.heads,.event{display:grid;grid-template-columns:62px minmax(0,1fr);gap:8px;width:100%;text-align:start}
.heads{padding:6px 11px 6px 9px}
.tracks{display:grid;grid-template-columns:repeat(5,minmax(0,1fr))}
.heads .tracks{text-align:center;font-weight:600;font-size:12px}
.event .tracks{background:linear-gradient(90deg,transparent calc(50% - .5px),var(--line) calc(50% - .5px) calc(50% + .5px),transparent calc(50% + .5px)) 0 0/20% 100%;padding:3px 0 7px;row-gap:3px}
.event{border:0;border-radius:4px;padding:0 9px;background:none;align-items:center}
.event[aria-expanded=true]{background:var(--raised)}
.time{color:var(--soft);font-variant-numeric:tabular-nums;font-size:11.5px;text-align:end;white-space:nowrap}
.label{grid-row:1;grid-column:1/-1;padding-inline:2px}
.label span{background:var(--ground);padding-inline:3px;border-radius:3px}
.event[aria-expanded=true] .label span,.event:hover .label span{background:var(--raised)}
.at-0{padding-inline-start:11%}.at-1{padding-inline-start:31%}.at-2{padding-inline-start:51%}.at-3,.at-4{text-align:end;padding-inline-end:31%}.at-4{padding-inline-end:11%}
.arrow{grid-row:2;height:9px;position:relative;color:var(--accent)}
.arrow:before{content:'';position:absolute;inset:4px 0 auto;border-top:1.5px solid}
.arrow:after{content:'';position:absolute;top:0;inset-inline-end:0;border:4.5px solid transparent;border-inline-start:8px solid;border-inline-end:0}
.arrow.back:after{inset:0 auto auto 0;border-inline-end:8px solid;border-inline-start:0}
.arrow.self:before{display:none}
.arrow.self:after{inset:0 auto auto 50%;width:9px;height:9px;margin-inline-start:-4.5px;border:0;border-radius:50%;background:currentColor}
.inferred{color:var(--faint)}.inferred .arrow{color:var(--faint)}.inferred .arrow:before{border-top-style:dashed}
.bad,.bad .arrow{color:var(--bad)}
.details{background:var(--raised);border-radius:0 0 4px 4px;margin:0 0 6px;padding:4px 14px 14px 79px;display:grid;grid-template-columns:repeat(auto-fit,minmax(min(260px,100%),1fr));gap:14px 28px}
.details h4{margin:6px 0 4px;font-size:12px;color:var(--soft)}
dl{margin:0;display:grid;grid-template-columns:max-content minmax(0,1fr);gap:2px 12px}.pair{display:contents}
dt,code{font:12px ui-monospace,monospace}dd{margin:0;overflow-wrap:anywhere}
.shape{color:var(--soft);font-style:italic}
.checks{list-style:none;margin:0;padding:0}
.checks li{display:grid;grid-template-columns:16px minmax(0,1fr);gap:4px}
.checks small{color:var(--soft)}
.passed>b{color:var(--good)}.fails>b{color:var(--bad)}.skipped{color:var(--soft)}
table{border-collapse:collapse;width:100%}
th,td{text-align:start;padding:5px 12px 5px 0;border-bottom:1px solid var(--line);vertical-align:top;font-variant-numeric:tabular-nums}
thead th{color:var(--soft);font-weight:600;white-space:nowrap}
tbody th{font-weight:500}
.holders tbody th{white-space:nowrap}.holders td,.holders thead th{text-align:center;padding-inline:6px}
.scroll{overflow-x:auto}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.findings{list-style:none;margin:0;padding:0;display:grid;gap:12px;max-width:76ch}
.findings li{border-inline-start:3px solid var(--bad);padding:2px 12px}
.findings h3{margin:0;font-size:14px}.findings p{margin:2px 0 0}
.short{display:none}
@media(max-width:640px){
.spacer{height:72vh}aside{--high:72vh}
.toggle{padding:0;width:28px;height:48px;right:0;border-inline-end:0;border-radius:10px 0 0 10px;justify-content:center}.toggle svg{width:18px;height:18px}
.toggle.open{width:40px;height:32px;right:8px;border-inline-end:1px solid var(--line)}
.toggle span{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.scroll>table{width:max-content;min-width:100%}.scroll th,.scroll td{max-width:32ch}
.scroll>.wide{width:100%}.wide,.wide tbody,.wide tr,.wide th[role=rowheader],.wide td{display:block}.wide th[role=rowheader],.wide td{max-width:none}
.wide thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.wide tr{padding:8px 0;border-bottom:1px solid var(--line)}.wide tr>*{border:0;padding:2px 0}.wide th[role=rowheader]{font-weight:600}
.wide td{display:grid;grid-template-columns:112px minmax(0,1fr);gap:10px}.wide td:before{content:attr(data-label);content:attr(data-label)/'';color:var(--soft)}
.wide td>span{overflow-wrap:anywhere}
.bar{padding:6px 8px;flex-wrap:wrap}.bar h2{flex:1}[role=tablist]{order:3;flex:0 0 100%}
.timeline{display:block;height:auto}
.flows{flex-direction:row;border:0;border-bottom:1px solid var(--line);overflow-x:auto;padding:6px 8px}
.flows li{flex:0 0 auto}.flows small{white-space:nowrap}
.flow{overflow:visible;padding:0 8px 12px}
.heads,.event{grid-template-columns:50px minmax(0,1fr);gap:4px;padding-inline:4px}
.heads{top:0}.heads .tracks{font-size:11px}
.long{display:none}.short{display:inline}
.at-0,.at-1,.at-2,.at-3,.at-4{padding-inline:2px}.at-3,.at-4{text-align:end}
.details{padding:4px 8px 12px}.holders td,.holders thead th{padding-inline:3px;font-size:12px}
.summary .grow{flex-basis:100%}
}
@media(prefers-reduced-motion:no-preference){.panel{animation:rise .16s ease-out}@keyframes rise{from{transform:translateY(12px);opacity:.4}}}
@media(forced-colors:active){.arrow:before,.arrow:after{forced-color-adjust:none}}
`

/** Everything the panel looks like. It is in a shadow root: the app's styles do not reach it, nor its own the app. */
export const styles: string = arrows + rules
