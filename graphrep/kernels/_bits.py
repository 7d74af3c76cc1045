"""Single instructions on 64-bit words that numba has no name for."""

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic


@intrinsic
def bit_count(typingctx, word):
    """Count the ones of an unsigned 64-bit word; int64."""

    def codegen(context, builder, signature, args):
        return builder.ctpop(args[0])

    return types.int64(types.uint64), codegen


@intrinsic
def lowest_bit(typingctx, word):
    """Find the place of the lowest one of a word that is not zero; uint64."""

    def codegen(context, builder, signature, args):
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(types.uint64), codegen
