/* Buttons that page through sample texts, which can be scrolled without them. */
'use strict';
{
    document.querySelectorAll('[data-samples-pages]').forEach((pages) => {
        const samples = pages.parentElement.querySelector('[data-samples]');
        const count = samples.children.length;
        const status = pages.querySelector('[role="status"]');
        const buttons = [...pages.querySelectorAll('button')];

        function current() {
            return Math.round(samples.scrollLeft / (samples.scrollWidth / count));
        }

        function show() {
            const number = Math.min(current(), count - 1);
            const words = `${number + 1} of ${count}`;
            if (status.textContent !== words) {
                status.textContent = words;
            }
            buttons.forEach((button) => {
                button.disabled = number + Number(button.dataset.step) < 0 || number + Number(button.dataset.step) >= count;
            });
        }

        buttons.forEach((button) => button.addEventListener('click', () => {
            const step = samples.scrollWidth / count;
            samples.scrollTo({left: (current() + Number(button.dataset.step)) * step});
            show();
        }));
        samples.addEventListener('scroll', show);
        show();
    });
}
