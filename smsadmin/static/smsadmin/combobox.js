'use strict';

// A text field whose list of options comes from the server while one types; used by typing, the arrow keys and Enter.
// `address` gives the URL for the text in the field. `choose` is called with the option that was chosen, `found` with
// the new list each time. Gives back what asks at once.
function combobox(field, list, status, {address, choose, found = () => {}}) {
    const PAUSE = 120;

    let asked = 0;
    let waiting = null;

    const options = () => [...list.querySelectorAll('[role=option]')];
    const selected = () => list.querySelector('[aria-selected=true]');

    function select(option) {
        selected()?.setAttribute('aria-selected', 'false');
        if (option) {
            option.setAttribute('aria-selected', 'true');
            option.scrollIntoView({block: 'nearest'});
            field.setAttribute('aria-activedescendant', option.id);
        } else {
            field.removeAttribute('aria-activedescendant');
        }
    }

    async function look() {
        const number = ++asked;
        try {
            const answer = await fetch(address(field.value), {headers: {'X-Poll': '1'}});
            if (!answer.ok || answer.redirected || number !== asked) {
                return;
            }
            const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
            if (number !== asked) {
                return;
            }
            list.replaceChildren(...page.body.children);
        } catch {
            // Offline: the form is still sent by Enter, and the browser says what is wrong.
            return;
        }
        const count = options().length;
        field.setAttribute('aria-expanded', String(count > 0));
        status.textContent = count ? `${count} found` : 'Nothing found';
        options().forEach((option) => option.setAttribute('aria-selected', 'false'));
        select(field.value.trim() ? options()[0] : null);
        found(options());
    }

    function forget() {
        clearTimeout(waiting);
        asked += 1;
        list.replaceChildren();
        status.textContent = '';
        field.setAttribute('aria-expanded', 'false');
        select(null);
    }

    field.addEventListener('input', () => {
        clearTimeout(waiting);
        waiting = setTimeout(look, PAUSE);
    });
    field.addEventListener('keydown', (event) => {
        const all = options();
        if (!all.length) {
            return;
        }
        if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
            event.preventDefault();
            const step = event.key === 'ArrowDown' ? 1 : -1;
            const at = all.indexOf(selected());
            select(all[(at < 0 && step < 0 ? all.length : at) + step] ?? all[step > 0 ? 0 : all.length - 1]);
        } else if (event.key === 'Enter' && selected()) {
            event.preventDefault();
            choose(selected());
        }
    });
    return {look, forget};
}
