"""python -m tests.twilio_standin --port 8999 --latency 0.1: the stand-in as a separate process.

GET /__record gives what it accepted, as JSON; `?since=N` leaves out the first N messages. POST /__text with From,
Body and Minutes puts a text on record that one of our numbers got that long ago.
"""

import argparse
import signal
import threading

from tests.twilio_standin import ACCOUNT_SID, AUTH_TOKEN, FROM_NUMBER, TwilioStandin, faults


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.twilio_standin", description=__doc__)
    parser.add_argument("--port", type=int, default=8999)
    parser.add_argument("--latency", type=float, default=0.1, help="seconds before each answer")
    parser.add_argument("--concurrency-limit", type=int, help="more requests at once are answered 429")
    parser.add_argument("--callbacks", type=float, nargs=2, metavar=("LEAST", "MOST"), help="seconds to wait")
    parser.add_argument("--rate-429", type=float, default=0.0, help="share of requests answered 429")
    parser.add_argument("--rate-500", type=float, default=0.0, help="share answered 500, not accepted")
    parser.add_argument("--rate-503-accepted", type=float, default=0.0, help="share accepted, answered 503")
    parser.add_argument("--rate-dropped", type=float, default=0.0, help="share dropped, not accepted")
    parser.add_argument("--rate-dropped-accepted", type=float, default=0.0, help="share accepted, dropped")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()

    server = TwilioStandin(
        port=args.port,
        latency=args.latency,
        concurrency_limit=args.concurrency_limit,
        callback_delay=tuple(args.callbacks) if args.callbacks else None,
    )
    chances = {
        faults.too_many_requests("1"): args.rate_429,
        faults.server_error(500): args.rate_500,
        faults.server_error(503, accepted=True): args.rate_503_accepted,
        faults.dropped(accepted=False): args.rate_dropped,
        faults.dropped(accepted=True): args.rate_dropped_accepted,
    }
    if any(chances.values()):
        server.faults.at_random(chances, args.seed)

    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    signal.signal(signal.SIGINT, lambda *_: stopped.set())
    with server:
        print(f"Listening on {server.url}", flush=True)  # noqa: T201
        print(f"TWILIO_ACCOUNT_SID={ACCOUNT_SID}", flush=True)  # noqa: T201
        print(f"TWILIO_AUTH_TOKEN={AUTH_TOKEN}", flush=True)  # noqa: T201
        print(f"TWILIO_FROM_NUMBER={FROM_NUMBER}", flush=True)  # noqa: T201
        stopped.wait()
        print(f"Accepted {len(server.messages)} messages in {server.requests} requests.", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
