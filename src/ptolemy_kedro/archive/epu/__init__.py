"""EPU's sessions: what ``EpuSession.dm``, ``Atlas.dm``, ``GridSquare_*.dm`` and the images' ``.xml`` say.

EPU's pixels are ``(x, y)`` of the image as read out, from the corner of the first pixel; its lengths are
metres, its angles radians. The parsers keep its pixels, and turn lengths into micrometres and angles into
degrees; ``geometry`` takes its pixels to ours.
"""
