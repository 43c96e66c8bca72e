"""From a catalogue to a generation of an index: the stages and what runs them."""
