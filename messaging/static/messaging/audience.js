/* The builder of audiences: rows of conditions, whose inputs the server gives, and a count that follows them. */
'use strict';
{
    const form = document.getElementById('audience_form');
    const status = document.getElementById('row-status');
    const rowOf = (id) => form.querySelector(`[data-row="${CSS.escape(id)}"]`);
    let made = 0;

    const {update, updateSoon} = followPreview(form, form.dataset.previewUrl, 'audience', ({row}) => {
        if (row) {
            const page = new DOMParser().parseFromString(row, 'text/html');
            const fresh = page.body.firstElementChild;
            const old = rowOf(fresh.dataset.row);
            const hadFocus = old?.contains(document.activeElement);
            old?.replaceWith(fresh);
            setUp(fresh);
            if (hadFocus) {
                (fresh.querySelector('.audience-input input, .audience-input select') ?? fresh.querySelector('select')).focus();
            }
            number();
            // What its selects begin with counts.
            updateSoon();
        }
    });

    function number() {
        form.querySelectorAll('[data-row]').forEach((row, index) => row.setAttribute('aria-label', `Condition ${index + 1}`));
    }

    // Inputs that another one makes needless.
    function showInputs(row) {
        row.querySelectorAll('[data-unless]').forEach((input) => {
            const other = form.elements[input.dataset.unless];
            input.hidden = input.dataset.values.split(' ').includes(other.value);
        });
    }

    // A select of rows of which there may be more than are listed becomes a field that finds them.
    function makeSearchable(select) {
        const key = form.elements[`${select.closest('[data-row]').dataset.row}-form`].value;
        searchSelect(select, {
            address: (words) => {
                const asked = new URLSearchParams({form: key, input: select.dataset.search, q: words});
                return `${form.dataset.optionsUrl}?${asked}`;
            },
            holdsEnter: true,
        });
    }

    function setUp(row) {
        row.querySelectorAll('select[data-search]').forEach(makeSearchable);
        showInputs(row);
    }

    function add(join) {
        const part = form.querySelector(`[data-join="${join}"]`);
        const row = document.getElementById('row-template').content.firstElementChild.cloneNode(true);
        made += 1;
        for (const element of [row, ...row.querySelectorAll('*')]) {
            for (const {name, value} of [...element.attributes]) {
                element.setAttribute(name, value.replace('__id__', `n${made}`).replace('__join__', join));
            }
        }
        part.querySelector('[data-rows]').append(row);
        setUp(row);
        number();
        row.querySelector('select').focus();
    }

    function remove(row) {
        const part = row.closest('[data-join]');
        row.remove();
        number();
        status.textContent = 'The condition was removed.';
        part.querySelector('button[name=add]').focus();
        update();
    }

    form.addEventListener('click', (event) => {
        const button = event.target.closest('button');
        if (button?.name === 'add') {
            event.preventDefault();
            add(button.value);
        } else if (button?.name === 'remove') {
            event.preventDefault();
            remove(button.closest('[data-row]'));
        }
    });
    form.addEventListener('change', ({target}) => {
        const row = target.closest('[data-row]');
        row?.classList.remove('audience-row-wrong');
        row?.querySelector('.audience-error')?.remove();
        if (row && 'form' in target.dataset) {
            update({row: row.dataset.row});
        } else if (row) {
            showInputs(row);
            updateSoon();
        }
    });
    form.addEventListener('input', ({target}) => {
        if (target.matches('.audience-input > input')) {
            updateSoon();
        }
    });
    // Enter in a field saves; it never adds or removes a condition.
    form.addEventListener('keydown', (event) => {
        if (event.key === 'Enter' && event.target.matches('input[type=text], input[type=date]') && !event.defaultPrevented) {
            event.preventDefault();
            form.requestSubmit(form.querySelector('input[type=submit].default'));
        }
    });
    form.querySelectorAll('[data-row]').forEach(setUp);
}
