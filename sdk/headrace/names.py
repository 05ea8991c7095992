"""Names that people can tell apart and remember, such as `nimble-falcon`, for runs."""

from __future__ import annotations

import os
from random import Random

_ADJECTIVES_TEXT = """
    able agile amber ample aqua ardent azure bold brave breezy bright brisk bronze calm candid
    cheery chirpy civil clear clever cobalt copper coral cosmic crimson crisp curious dapper
    daring deft eager early earnest easy electric elated emerald epic even fabled fair fancy
    festive fine fleet fluent fond free fresh frosty gentle gifted glad gleaming golden good
    graceful grand green happy hardy hazel hearty honest humble icy ivory jade jaunty jolly jovial
    keen kind lilac lively loyal lucid lucky lunar magic maroon mellow merry mighty mild misty
    modest mossy neat nimble noble novel olive opal open patient peachy placid playful plucky
    polite prime proud quick quiet radiant rapid rare ready regal robust rosy royal ruby rustic
    sable sage sandy scarlet serene sharp shiny silent silver sleek smart snowy solar solid
    spirited spry stable steady stellar still stoic strong subtle sunny sure swift teal tidy
    tranquil trusty upbeat urbane valiant velvet verdant violet vivid warm wise witty woodland
    zesty
"""

_ANIMALS_TEXT = """
    adder albatross alpaca antelope badger barbet bat beaver beetle bison bittern bobcat buffalo
    bullfinch bustard buzzard camel caracal caribou cat chamois cheetah chough civet condor coot
    cormorant coyote crab crane cricket crow curlew deer dingo dolphin donkey dormouse dove
    dragonfly duck dunlin eagle egret eland elk ermine falcon ferret finch firefly flamingo fox
    frog gazelle gecko gibbon giraffe goldfinch goose goshawk grebe grouse gull hare harrier hawk
    hedgehog heron hoopoe hornet horse hound hyena ibex ibis iguana jackal jackdaw jaguar jay
    kestrel kingfisher kite kiwi koala kudu lapwing lark lemming lemur leopard linnet lion lizard
    llama lobster loon lynx macaw magpie mallard manatee mandrill marlin marmot marten martin
    meerkat merlin mole mongoose moose moth mouse narwhal newt nightjar numbat nuthatch ocelot
    octopus okapi orca oriole osprey otter owl oyster panda panther parrot partridge pelican
    penguin pheasant pigeon pika plover polecat pony puffin puma quail rabbit raccoon raven
    redstart reindeer robin rook salmon sandpiper seal serval shark sheep shrew shrike skylark
    sloth snipe sparrow squid squirrel stag starling stoat stork swallow swan swift tapir tern
    thrush tiger toad toucan trout turtle viper vole wagtail walrus warbler weasel whale wolf
    wombat woodcock wren yak zebra
"""

_ADJECTIVES = _ADJECTIVES_TEXT.split()
_ANIMALS = _ANIMALS_TEXT.split()

# Of its own, so that a flow that seeds `random` still gets fresh names; and forked children get
# others than their parent, and than each other.
_random = Random()
os.register_at_fork(after_in_child=_random.seed)


def generate_name() -> str:
    """A name of an adjective and an animal. There are some 25,000: ids tell runs apart for sure."""
    return f"{_random.choice(_ADJECTIVES)}-{_random.choice(_ANIMALS)}"
