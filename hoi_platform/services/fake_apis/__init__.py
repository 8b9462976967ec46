"""Stand-ins for the paid services: what their documentation says, with faults on demand.

Served by ``hoi fake-apis`` and used by the tests; nothing that runs a stage imports them. Each
service is a plain function from a call to a reply, used in process through
``transport.InProcess`` or on loopback by ``server``.

Belongs here: documented answers and faults. Does not: clients; nothing here calls a paid service.
"""
