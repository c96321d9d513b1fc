/* Updates parts of an open page with new HTML from the server. */
'use strict';

function parse(html) {
    const template = document.createElement('template');
    template.innerHTML = html;
    return template.content;
}

// Changes only what differs, in place, so that clicks and focus aren't lost and screen readers repeat nothing. Parts of
// `fresh` may be moved into the page.
function change(shown, fresh) {
    if (shown.isEqualNode(fresh)) {
        return;
    }
    if (shown.nodeName !== fresh.nodeName) {
        shown.replaceWith(fresh);
        return;
    }
    if (shown.nodeType !== Node.ELEMENT_NODE) {
        shown.nodeValue = fresh.nodeValue;
        return;
    }
    [...shown.attributes].filter(({name}) => !fresh.hasAttribute(name)).forEach(({name}) => {
        shown.removeAttribute(name);
    });
    [...fresh.attributes].filter(({name, value}) => shown.getAttribute(name) !== value).forEach(({name, value}) => {
        shown.setAttribute(name, value);
    });
    const parts = [...shown.childNodes];
    [...fresh.childNodes].forEach((part, index) => {
        if (parts[index]) {
            change(parts[index], part);
        } else {
            shown.append(part);
        }
    });
    parts.slice(fresh.childNodes.length).forEach((part) => part.remove());
}
