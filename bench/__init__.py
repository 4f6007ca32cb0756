"""The benchmark harness: scenarios against peers, in one run on one machine. Not part of the installed package.

``python -m bench list`` names everything; ``run``, ``report`` and ``compare`` do the work. A folder is a scenario.
"""
