/*
 * What is put into the program's code: before each access, a look into the tables of recent pages, and a call of the tool
 * where the page is not there.
 */
#ifndef INSTRUMENT_H
#define INSTRUMENT_H

static IRExpr* assign(IRSB* block, IRType type, IRExpr* value)
{
   IRTemp temporary = newIRTemp(block->tyenv, type);
   addStmtToIRSB(block, IRStmt_WrTmp(temporary, value));
   return IRExpr_RdTmp(temporary);
}

static IRExpr* binary(IRSB* block, IRType type, IROp operation, IRExpr* left, IRExpr* right)
{
   return assign(block, type, IRExpr_Binop(operation, left, right));
}

static IRExpr* address_of(const void* variable)
{
   return mkIRExpr_HWord((HWord)variable);
}

/*
 * The condition that an access is not to the page at its place in a table. An access over the end of a page never is: the
 * place is that of its first byte, the page that of its last one.
 */
static IRExpr* is_not_recent(IRSB* block, const UWord* table, IRExpr* address, Int bytes)
{
   IRExpr *entry, *page;
   if (address->tag == Iex_Const) {
      UWord first = address->Iex.Const.con->Ico.U64;
      entry = address_of(&table[first >> PAGE_SHIFT & (recent_used - 1)]);
      page = mkIRExpr_HWord((first + (UWord)bytes - 1) >> PAGE_SHIFT);
   } else {
      IRExpr* last = address;
      if (bytes > 1) last = binary(block, Ity_I64, Iop_Add64, address, mkIRExpr_HWord((HWord)bytes - 1));
      page = binary(block, Ity_I64, Iop_Shr64, last, IRExpr_Const(IRConst_U8(PAGE_SHIFT)));
      entry = address_of(table);
      if (recent_used > 1) {
         IRExpr* place = binary(block, Ity_I64, Iop_Shr64, address, IRExpr_Const(IRConst_U8(PAGE_SHIFT - 3)));
         place = binary(block, Ity_I64, Iop_And64, place, mkIRExpr_HWord((HWord)(recent_used - 1) << 3));
         entry = binary(block, Ity_I64, Iop_Add64, place, entry);
      }
   }
   IRExpr* recent = assign(block, Ity_I64, IRExpr_Load(Iend_LE, Ity_I64, entry));
   return binary(block, Ity_I1, Iop_CmpNE64, recent, page);
}

/* Adds the check of one access; `guard` is NULL where it always happens. */
static void add_access(IRSB* block, UInt kind, IRExpr* address, Int bytes, IRExpr* guard)
{
   static void* const helpers[] = { on_read, on_write, on_fetch };
   static const HChar* const names[] = { "on_read", "on_write", "on_fetch" };
   IRExpr* condition = is_not_recent(block, kind == R_WRITE ? recent_written : recent_seen, address, bytes);
   if (guard != NULL) {
      IRExpr* both = binary(block, Ity_I32, Iop_And32, assign(block, Ity_I32, IRExpr_Unop(Iop_1Uto32, condition)),
                            assign(block, Ity_I32, IRExpr_Unop(Iop_1Uto32, guard)));
      condition = assign(block, Ity_I1, IRExpr_Unop(Iop_32to1, both));
   }
   IRDirty* call = unsafeIRDirty_0_N(2, names[kind], VG_(fnptr_to_fnentry)(helpers[kind]),
                                     mkIRExprVec_2(address, mkIRExpr_HWord((HWord)bytes)));
   call->guard = condition;
   addStmtToIRSB(block, IRStmt_Dirty(call));
}

static Bool is_same_atom(const IRExpr* one, const IRExpr* other)
{
   if (one->tag != other->tag) return False;
   if (one->tag == Iex_RdTmp) return one->Iex.RdTmp.tmp == other->Iex.RdTmp.tmp;
   return one->Iex.Const.con->Ico.U64 == other->Iex.Const.con->Ico.U64;
}

/* Whether the instruction that loads at `from` stores to the same address: the processor then asks for a page to write. */
static Bool is_read_modify_write(const IRSB* code, Int from, const IRExpr* address)
{
   for (Int i = from + 1; i < code->stmts_used && code->stmts[i]->tag != Ist_IMark; i++) {
      const IRStmt* statement = code->stmts[i];
      if (statement->tag == Ist_Store && is_same_atom(statement->Ist.Store.addr, address)) return True;
      if (statement->tag == Ist_CAS && is_same_atom(statement->Ist.CAS.details->addr, address)) return True;
   }
   return False;
}

static Int size_of_loaded(IRLoadGOp conversion)
{
   IRType result, argument;
   typeOfIRLoadGOp(conversion, &result, &argument);
   return sizeofIRType(argument);
}

static void add_fetch(IRSB* block, const IRStmt* mark, UWord* fetched)
{
   Addr start = mark->Ist.IMark.addr;
   Int bytes = mark->Ist.IMark.len > 0 ? (Int)mark->Ist.IMark.len : 1;
   UWord last = (start + (UWord)bytes - 1) >> PAGE_SHIFT;
   if (start >> PAGE_SHIFT == *fetched && last == *fetched) return;
   *fetched = last;
   add_access(block, R_FETCH, mkIRExpr_HWord(start), bytes, NULL);
}

/* Adds what one statement accesses. */
static void add_accesses(IRSB* block, const IRSB* code, Int at, IRTypeEnv* types)
{
   const IRStmt* statement = code->stmts[at];
   switch (statement->tag) {
      case Ist_WrTmp: {
         const IRExpr* data = statement->Ist.WrTmp.data;
         if (data->tag != Iex_Load) break;
         Bool write = is_read_modify_write(code, at, data->Iex.Load.addr);
         add_access(block, write ? R_WRITE : R_READ, data->Iex.Load.addr, sizeofIRType(data->Iex.Load.ty), NULL);
         break;
      }
      case Ist_Store:
         add_access(block, R_WRITE, statement->Ist.Store.addr,
                    sizeofIRType(typeOfIRExpr(types, statement->Ist.Store.data)), NULL);
         break;
      case Ist_StoreG: {
         const IRStoreG* store = statement->Ist.StoreG.details;
         add_access(block, R_WRITE, store->addr, sizeofIRType(typeOfIRExpr(types, store->data)), store->guard);
         break;
      }
      case Ist_LoadG: {
         const IRLoadG* load = statement->Ist.LoadG.details;
         add_access(block, R_READ, load->addr, size_of_loaded(load->cvt), load->guard);
         break;
      }
      case Ist_Dirty: {
         const IRDirty* call = statement->Ist.Dirty.details;
         if (call->mFx == Ifx_None) break;
         add_access(block, call->mFx == Ifx_Read ? R_READ : R_WRITE, call->mAddr, call->mSize, call->guard);
         break;
      }
      case Ist_CAS: {
         const IRCAS* swap = statement->Ist.CAS.details;
         Int bytes = sizeofIRType(typeOfIRExpr(types, swap->dataLo)) * (swap->dataHi == NULL ? 1 : 2);
         add_access(block, R_WRITE, swap->addr, bytes, NULL);
         break;
      }
      case Ist_LLSC: {
         IRExpr* data = statement->Ist.LLSC.storedata;
         IRType type = data != NULL ? typeOfIRExpr(types, data) : typeOfIRTemp(types, statement->Ist.LLSC.result);
         add_access(block, data != NULL ? R_WRITE : R_READ, statement->Ist.LLSC.addr, sizeofIRType(type), NULL);
         break;
      }
      default:
         break;
   }
}

static IRSB* instrument(VgCallbackClosure* closure, IRSB* code, const VexGuestLayout* layout,
                        const VexGuestExtents* extents, const VexArchInfo* host, IRType guest_word, IRType host_word)
{
   IRSB* block = deepCopyIRSBExceptStmts(code);
   UWord fetched = NO_PAGE;
   Int i = 0;
   while (i < code->stmts_used && code->stmts[i]->tag != Ist_IMark) addStmtToIRSB(block, code->stmts[i++]);
   for (; i < code->stmts_used; i++) {
      if (code->stmts[i]->tag == Ist_IMark) add_fetch(block, code->stmts[i], &fetched);
      else add_accesses(block, code, i, code->tyenv);
      addStmtToIRSB(block, code->stmts[i]);
   }
   return block;
}

#endif
