"""A Twilio on a laptop: its REST API, webhooks, TwiML, Media Streams and recordings.

``python -m rehearsal.twilio --port 8080`` stands in for ``https://api.twilio.com``. Nothing here
imports the product; the two meet over HTTP and WebSocket only, as they would on the real network.

Inside out: the core has no I/O and counts time in ticks of 20 ms (``mulaw``, ``playout``,
``hearing``, ``callee``, ``line``, ``recording``, ``twiml``, ``stream_protocol``, ``call``,
``call_request``); around it stand ``webhook``, ``stream``, ``execution``, ``phone_call`` and
``exchange``, which speak to the product; outermost ``rest``, ``admin`` and ``server``, which are
spoken to.
"""
