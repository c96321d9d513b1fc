/* Keeps the countdowns ticking, in the format of smsadmin.lib.dates. Reloads a message's page when it becomes due, to
   show the result. */
'use strict';
{
    const RELOAD_AFTER = 3000;

    function units(total) {
        const seconds = total % 60;
        const minutes = Math.floor(total / 60) % 60;
        const hours = Math.floor(total / 3600) % 24;
        const days = Math.floor(total / 86400);
        let counts;
        if (days) {
            counts = [[days, 'day'], [days < 14 ? hours : 0, 'hour']];
        } else if (hours) {
            counts = [[hours, 'hour'], [minutes, 'minute']];
        } else {
            counts = [[minutes, 'minute'], [minutes < 10 ? seconds : 0, 'second']];
        }
        return counts.filter(([count]) => count).map(([count, unit]) => `${count} ${unit}${count === 1 ? '' : 's'}`)
            .join(' ');
    }

    function words(seconds) {
        if (seconds > -60 && seconds <= 0) {
            return 'now';
        }
        return seconds > 0 ? `in ${units(seconds)}` : `${units(-seconds)} late`;
    }

    // When each countdown was first seen: the browser's clock may be wrong, but it runs at the right speed.
    const seenAt = new WeakMap();
    const waiting = new WeakSet();

    function tick() {
        document.querySelectorAll('time[data-countdown]').forEach((time) => {
            if (!seenAt.has(time)) {
                seenAt.set(time, Date.now());
            }
            const seconds = Math.ceil(Number(time.dataset.countdown) - (Date.now() - seenAt.get(time)) / 1000);
            const said = words(seconds);
            if (time.textContent !== said) {
                time.textContent = said;
            }
            if (seconds > 0) {
                waiting.add(time);
            } else if (waiting.delete(time) && time.closest('[data-reload-when-due]')) {
                setTimeout(() => location.reload(), RELOAD_AFTER);
            }
        });
    }

    tick();
    setInterval(tick, 1000);
}
