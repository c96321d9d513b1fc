/* The review page: the button says for when it schedules, suggested times fill in the fields, and a time at night is
   pointed out. By the rules of TimeForm.button and local_times.is_at_night. */
'use strict';
{
    const form = document.getElementById('review');
    const {date, time, when} = form.elements;
    const shownAt = date && `${date.value}T${time.value}`;

    function showTime() {
        const schedule = document.getElementById('schedule');
        const at = new Date(`${date.value}T${time.value}Z`);
        const isClear = !Number.isNaN(at.getTime());
        const words = isClear && new Intl.DateTimeFormat('en-US', {
            weekday: 'short', month: 'short', day: 'numeric', hour: 'numeric', minute: '2-digit', timeZone: 'UTC',
        }).format(at).replace(/\u202f/g, ' ');
        schedule.value = isClear ? `Schedule for ${words}` : 'Schedule';
        // What was said about quiet hours was about another time.
        document.getElementById('outlook-then')?.toggleAttribute('hidden', `${date.value}T${time.value}` !== shownAt);
        document.getElementById('night').hidden = !isClear || (time.value >= '08:00' && time.value <= '21:00');
    }

    if (when) {
        const zone = form.elements.zone;
        form.addEventListener('click', (event) => {
            const {at} = event.target.dataset;
            if (at) {
                event.preventDefault();
                when.value = 'later';
                [date.value, time.value] = at.split('T');
                showTime();
            }
        });
        form.addEventListener('input', (event) => {
            if (event.target === date || event.target === time) {
                showTime();
            } else if (event.target === zone) {
                zone.closest('details').querySelector('summary').textContent = `Time zone: ${zone.value}`;
            }
        });
        window.addEventListener('pageshow', showTime);
    }
}
