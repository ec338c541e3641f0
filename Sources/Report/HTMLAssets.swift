// The style and script of a page. Neither text may hold `<` or `&`, so that the page is well-formed XML as well.
extension HTMLPage {
    /// The palette is that of the plots, so that they stand on the page without an edge.
    static let styleSheet = """
        :root{color-scheme:light dark;--page:#ffffff;--ink:#1f2328;--mute:#59636e;--line:#d9dfe5;--stripe:#f6f8fa;\
        --link:#0a58ca}
        @media (prefers-color-scheme:dark){:root{--page:#0d1117;--ink:#e6edf3;--mute:#9aa4ae;--line:#2b323b;\
        --stripe:#151b23;--link:#7fb2e5}}
        *{box-sizing:border-box}
        html{scroll-padding-top:1rem;-webkit-text-size-adjust:100%}
        body{margin:0;background:var(--page);color:var(--ink);line-height:1.55;overflow-wrap:anywhere;\
        font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','Noto Sans CJK SC',sans-serif}
        main,nav{max-width:76rem;margin:0 auto;padding:0 1rem}
        main{padding-bottom:4rem}
        main:focus{outline:none}
        h1{font-size:1.8rem;line-height:1.25;margin:1.5rem 0 .5rem}
        h2{font-size:1.35rem;margin:2.5rem 0 .75rem;padding-bottom:.25rem;border-bottom:1px solid var(--line)}
        h3{font-size:1.1rem;margin:1.75rem 0 .5rem}
        p,ul,ol{margin:.6rem 0;max-width:60rem}
        a{color:var(--link)}
        code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'Liberation Mono',monospace;font-size:.9em}
        pre{background:var(--stripe);padding:.75rem;overflow-x:auto;border-radius:4px}
        pre code{font-size:1em;overflow-wrap:normal}
        nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1rem;padding:0;margin:1rem 0 0;font-size:.9rem}
        .skip{position:absolute;left:-9999px;background:var(--page);color:var(--link);padding:.5rem 1rem;z-index:2}
        .skip:focus{left:0;top:0}
        .scroll{overflow-x:auto;max-width:100%;margin:.75rem 0}
        table{border-collapse:collapse;font-size:.92rem;font-variant-numeric:tabular-nums}
        th,td{border:1px solid var(--line);padding:.3rem .6rem;text-align:left;vertical-align:top;\
        overflow-wrap:normal;min-width:3.5rem;max-width:28rem}
        td:not(.right){min-width:7rem}
        td code{overflow-wrap:anywhere}
        th{background:var(--stripe);font-weight:600}
        tbody tr:nth-child(even){background:var(--stripe)}
        .right{text-align:right}
        td.right{white-space:nowrap}
        th button{font:inherit;color:inherit;background:none;border:0;padding:0;margin:0;cursor:pointer;text-align:inherit}
        th button::after{content:'\\00a0\\2195';color:var(--mute)}
        th[aria-sort=ascending] button::after{content:'\\00a0\\2191';color:inherit}
        th[aria-sort=descending] button::after{content:'\\00a0\\2193';color:inherit}
        figure{margin:1rem 0}
        figure svg{display:block;min-width:640px;max-width:100%;height:auto}
        figcaption{color:var(--mute);font-size:.85rem}
        details{border:1px solid var(--line);border-radius:4px;padding:.4rem .75rem;margin:.75rem 0}
        summary{cursor:pointer;font-weight:600}
        :focus-visible{outline:2px solid var(--link);outline-offset:2px}
        #tip{position:fixed;z-index:3;max-width:22rem;padding:.3rem .6rem;border:1px solid var(--mute);border-radius:4px;\
        background:var(--page);color:var(--ink);font-size:.85rem;pointer-events:none}
        @media print{:root{color-scheme:light;--page:#ffffff;--ink:#000000;--mute:#444444;--line:#999999;--stripe:#ffffff;\
        --link:#000000}
        nav,.skip,figcaption,#tip{display:none}
        main{max-width:none;padding:0}
        .scroll,pre{overflow:visible;white-space:normal}
        pre{white-space:pre-wrap}
        figure,tr,pre{break-inside:avoid}
        h2,h3{break-after:avoid}
        figure svg{min-width:0}
        th button::after{content:none}
        table{font-size:.75rem}}
        """

    /// Buttons that sort, and values of marks under the pointer and the focus. Without it the page shows the same.
    static let script = """
        'use strict';
        // What has no value stands last whichever way the rest is sorted.
        function order(a, b, sign) {
          const p = a.dataset.value, q = b.dataset.value;
          if (p === undefined) {
            if (q !== undefined) return 1;
            return sign * a.textContent.localeCompare(b.textContent, document.documentElement.lang, {numeric: true});
          }
          return q === undefined ? -1 : sign * (Number(p) - Number(q));
        }
        for (const table of document.querySelectorAll('table')) {
          const body = table.tBodies[0], heads = Array.from(table.tHead.rows[0].cells);
          heads.forEach(function (head, place) {
            if (head.textContent.trim() === '') return;
            const button = document.createElement('button');
            button.type = 'button';
            button.append(...head.childNodes);
            head.append(button);
            button.addEventListener('click', function () {
              const down = head.getAttribute('aria-sort') === 'ascending';
              for (const other of heads) other.removeAttribute('aria-sort');
              head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
              const rows = Array.from(body.rows);
              rows.sort(function (a, b) { return order(a.cells[place], b.cells[place], down ? -1 : 1); });
              body.append(...rows);
            });
          });
        }
        const tip = document.getElementById('tip');
        function show(mark) {
          tip.textContent = mark.getAttribute('aria-label');
          tip.hidden = false;
          const box = mark.getBoundingClientRect(), own = tip.getBoundingClientRect();
          const above = box.top - own.height - 6;
          tip.style.left = Math.max(4, Math.min(box.left + box.width / 2 - own.width / 2, innerWidth - own.width - 4)) + 'px';
          tip.style.top = (above > 4 ? above : box.bottom + 6) + 'px';
        }
        function hide() { tip.hidden = true; }
        for (const plot of document.querySelectorAll('figure svg')) {
          const marks = Array.from(plot.querySelectorAll('title'), function (title) {
            const mark = title.parentNode;
            mark.setAttribute('aria-label', title.textContent);
            title.remove();
            return mark;
          });
          if (marks.length === 0) continue;
          plot.setAttribute('role', 'group');
          let current = 0;
          marks.forEach(function (mark, place) {
            mark.setAttribute('role', 'img');
            mark.setAttribute('tabindex', place === 0 ? '0' : '-1');
            mark.addEventListener('pointerenter', function () { show(mark); });
            mark.addEventListener('pointerleave', hide);
            mark.addEventListener('focus', function () { current = place; show(mark); });
            mark.addEventListener('blur', hide);
          });
          plot.addEventListener('keydown', function (event) {
            const step = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -current, End: marks.length - 1 - current}[event.key];
            if (event.key === 'Escape') hide();
            if (step === undefined) return;
            event.preventDefault();
            const next = Math.max(0, Math.min(marks.length - 1, current + step));
            marks[current].setAttribute('tabindex', '-1');
            marks[next].setAttribute('tabindex', '0');
            marks[next].focus();
          });
        }
        addEventListener('scroll', hide, true);
        """
}
