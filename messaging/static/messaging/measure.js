/* Shows the size of a text while it is being typed. The server does the counting. */
'use strict';
{
    const PAUSE = 250;

    document.querySelectorAll('form [data-measure]').forEach((output) => {
        const form = output.closest('form');
        const url = form.dataset.measureUrl || output.dataset.measureUrl;
        const text = form.querySelector('textarea');
        const parts = form.querySelector('[data-measure-segments]');
        let timer = null;
        let request = null;

        function show(answer) {
            output.textContent = answer.sentence;
            output.classList.toggle('is-too-long', answer.is_too_long);
            if (parts) {
                parts.hidden = !answer.segments.length;
                parts.replaceChildren(...answer.segments.map((segment) => {
                    const part = document.createElement('p');
                    part.className = 'bubble';
                    part.dir = 'auto';
                    part.textContent = segment;
                    return part;
                }));
            }
        }

        async function measure() {
            request?.abort();
            const current = request = new AbortController();
            const data = new FormData();
            data.set('text', text.value);
            data.set('csrfmiddlewaretoken', new FormData(form).get('csrfmiddlewaretoken'));
            try {
                const response = await fetch(url, {
                    method: 'POST', body: data, signal: current.signal, credentials: 'same-origin',
                });
                if (response.ok && !response.redirected) {
                    show(await response.json());
                }
            } catch {
                // The next keystroke tries again.
            }
        }

        function measureSoon() {
            clearTimeout(timer);
            timer = setTimeout(measure, PAUSE);
        }

        text.addEventListener('input', measureSoon);
        window.addEventListener('pageshow', () => {
            // The page came with the size of the text that it came with.
            if (text.value !== text.defaultValue) {
                measure();
            }
        });
    });
}
