"""Schema changes in order, each with up and down; applied by `movierec-server migrate` and at start-up.

No migration 0009 exists and none ever did: `git log --all -- migrations/0009*` is empty. Migrations 0005 to 0010 were
written side by side under numbers reserved beforehand (0010 was committed before 0006 and 0008), and nothing
needed this number. It stays unused: databases record migrations by name and apply them in order of their numbers.

Migrations import nothing of movierec except `movierec.db`: what they need is a frozen copy.
"""
