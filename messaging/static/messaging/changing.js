/* What the server says anew, put into a page that is open. */
'use strict';

function parse(html) {
    const template = document.createElement('template');
    template.innerHTML = html;
    return template.content;
}

// Changes in place what differs and leaves the rest: a click or the focus is not lost to a replaced element, and who
// listens to the page hears nothing twice. `fresh` may end up in the page itself.
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
