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
        const box = document.createElement('span');
        const field = document.createElement('input');
        const list = document.createElement('div');
        const found = document.createElement('span');
        box.className = 'audience-search';
        field.type = 'text';
        field.id = `${select.id}-search`;
        field.autocomplete = 'off';
        field.placeholder = select.options[0].textContent;
        list.className = 'dropdown';
        list.id = `${select.id}-found`;
        list.hidden = true;
        list.setAttribute('role', 'listbox');
        list.setAttribute('aria-label', 'Suggestions');
        found.className = 'visually-hidden';
        found.setAttribute('role', 'status');
        select.labels[0].htmlFor = field.id;
        select.hidden = true;
        select.after(box);
        box.append(field, list, found);

        const show = () => { field.value = select.value ? select.selectedOptions[0].textContent : ''; };
        const key = form.elements[`${select.closest('[data-row]').dataset.row}-form`].value;
        dropdown(field, list, found, {
            address: (text) => {
                const q = text === (select.value && select.selectedOptions[0].textContent) ? '' : text;
                return `${form.dataset.optionsUrl}?${new URLSearchParams({form: key, input: select.dataset.search, q})}`;
            },
            choose: ({dataset}) => {
                select.add(new Option(dataset.label, dataset.value, true, true));
                show();
                select.dispatchEvent(new Event('change', {bubbles: true}));
            },
        });
        field.addEventListener('blur', show);
        field.addEventListener('focus', () => field.select());
        show();
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
