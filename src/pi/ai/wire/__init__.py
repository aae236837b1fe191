"""The wire: bytes to a service and back. It knows HTTP, TLS, proxies and framings, and no protocol.

From outside, import `pi.ai.wire.http` for requests, `pi.ai.wire.sse` for framing and
`pi.ai.wire.retry` for waiting; the other modules are rooms of `http`.
"""
