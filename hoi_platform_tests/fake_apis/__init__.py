"""Stand-ins for the paid services: what their documentation says, with faults on demand.

They are test equipment: nothing of the product imports them. Each service is a plain function from
a call to a reply, used in process through ``transport.InProcess`` or on loopback by ``server``.
"""
