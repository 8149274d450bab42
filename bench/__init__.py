"""
Luot's figures, each measured beside something that makes it comparable.

A number of microseconds says more about the machine than about Luot. So every figure is taken in
turns with something simple that runs on the same machine in the same minutes, and what is judged
is their ratio wherever a ratio can say it.

``python -m bench`` measures all figures, ``python -m bench NAME`` some, ``--list`` names them.
Which module measures what stands in ``figures``.
"""
