/* Fields that suggest what is found while one types, and the first of them: the search of the whole site. */
'use strict';

// A text field whose list of options comes from the server while one types; used by typing, the arrow keys and Enter.
// `address` gives the URL for the words that are looked for, `read` the elements of the answer. `choose` is called with
// the option that was chosen, `found` with the new list each time. Gives back what asks at once, and what forgets it.
function combobox(field, list, status, {
    address, choose, found = () => {}, words = () => field.value.trim(), read = readOptions,
}) {
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
            const answer = await fetch(address(words()), {headers: {'X-Poll': '1'}});
            if (!answer.ok || answer.redirected || number !== asked) {
                return;
            }
            const parts = await read(answer);
            if (number !== asked) {
                return;
            }
            list.replaceChildren(...parts);
        } catch {
            // Offline: the form is still sent by Enter, and the browser says what is wrong.
            return;
        }
        const count = options().length;
        field.setAttribute('aria-expanded', String(count > 0));
        status.textContent = count ? `${count} found` : 'Nothing found';
        options().forEach((option) => option.setAttribute('aria-selected', 'false'));
        select(words() ? options()[0] : null);
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

async function readOptions(answer) {
    return new DOMParser().parseFromString(await answer.text(), 'text/html').body.children;
}

// A combobox whose list opens below the field, by typing, a click or an arrow key, and closes by a choice, with Escape, or
// when the field is left. `found` says whether a new list is worth opening. With `holdsEnter`, Enter only chooses, and
// never sends the form.
function dropdown(field, list, status, {
    choose, found = (options) => options.length > 0, holdsEnter = false, ...more
}) {
    const {look, forget} = combobox(field, list, status, {
        ...more,
        choose: pick,
        found: (options) => {
            if (found(options)) {
                list.hidden = false;
            } else {
                close();
            }
        },
    });

    function close() {
        list.hidden = true;
        forget();
    }

    function pick(option) {
        close();
        choose(option);
    }

    field.setAttribute('role', 'combobox');
    field.setAttribute('aria-autocomplete', 'list');
    field.setAttribute('aria-expanded', 'false');
    field.setAttribute('aria-controls', list.id);
    field.addEventListener('keydown', (event) => {
        const isOpening = event.key === 'ArrowDown' && list.hidden;
        if (isOpening) {
            look();
        }
        if (event.key === 'Escape' && !list.hidden) {
            event.preventDefault();
            close();
        } else if (isOpening || (holdsEnter && event.key === 'Enter')) {
            event.preventDefault();
        }
    });
    field.addEventListener('click', look);
    field.addEventListener('blur', close);
    // A press on an option must not take the focus away before the click comes.
    ['pointerdown', 'mousedown'].forEach((name) => list.addEventListener(name, (event) => event.preventDefault()));
    list.addEventListener('click', (event) => {
        const option = event.target.closest('[role=option]');
        if (option) {
            pick(option);
        }
    });
}

// The search of the whole site opens with its button or Ctrl-K.
{
    const dialog = document.getElementById("search");
    const opener = document.querySelector("[data-search]");
    if (dialog && opener) {
        const field = dialog.querySelector("input");
        const list = document.getElementById("search-found");
        const { look } = combobox(field, list, dialog.querySelector("[role=status]"), {
            address: (text) => {
                const address = new URL(opener.href);
                address.search = new URLSearchParams({ q: text, part: "results" });
                return address;
            },
            choose: (option) => {
                location.href = option.href;
            },
        });

        const open = () => {
            if (!dialog.open) {
                dialog.showModal();
                field.select();
                look();
            }
        };

        opener.addEventListener("click", (event) => {
            if (!event.ctrlKey && !event.metaKey && !event.shiftKey) {
                event.preventDefault();
                open();
            }
        });
        document.addEventListener("keydown", (event) => {
            if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
                event.preventDefault();
                open();
            }
        });
        dialog.querySelector(".search-close").addEventListener("click", () => dialog.close());
        dialog.addEventListener("click", (event) => {
            if (event.target === dialog) {
                dialog.close();
            }
        });
    }
}
