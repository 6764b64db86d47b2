/* Records without ctypes: License.record in C, for the price of a Python call.
 *
 * Optional. It knows nothing but the address of LTS_RecordOperation in the
 * library that ctypes loaded, so there is one library only; and it leaves every
 * call that does not plainly succeed to the implementation by ctypes, so there
 * is one place only that raises errors: doing a refused call again is harmless,
 * because it counted nothing.
 *
 * Built for the stable ABI (one binary for Python 3.10 and newer). */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030A0000
#include <Python.h>
#include <stdint.h>

#if defined(_WIN32)
#define LTS_CALL __cdecl
#else
#define LTS_CALL
#endif

typedef int32_t(LTS_CALL *RecordOperation)(int64_t license, int32_t operationType, int32_t count);

typedef struct {
  PyObject_HEAD;
  RecordOperation record;
  int64_t license;
  PyObject *otherwise; /* the same by ctypes; NULL until __init__ */
} Recorder;

/* Whether a Python integer is one of C's, 0 or more: nothing else is worth an
 * attempt here. No conversions: ctypes makes none either. */
static int natural(PyObject *value, int32_t *number) {
  if (!PyLong_Check(value)) {
    return 0;
  }
  int overflow;
  const long long found = PyLong_AsLongLongAndOverflow(value, &overflow);
  if (overflow != 0 || found < 0 || found > INT32_MAX) {
    return 0;
  }
  *number = (int32_t)found;
  return 1;
}

/* Finds the arguments of record(operation_type, count=1); 0 if they are not as
 * they should be. */
static int arguments(PyObject *const *given, Py_ssize_t positional, PyObject *names,
                     int32_t *operation_type, int32_t *count) {
  const Py_ssize_t named = names == NULL ? 0 : PyTuple_Size(names);
  if (positional + named < 1 || positional + named > 2 || positional < 1 ||
      !natural(given[0], operation_type)) {
    return 0;
  }
  if (named == 1 && PyUnicode_CompareWithASCIIString(PyTuple_GetItem(names, 0), "count") != 0) {
    return 0;
  }
  *count = 1;
  return positional + named == 1 || natural(given[1], count);
}

/* The same call by ctypes, which raises what is to be raised. */
static PyObject *otherwise(const Recorder *self, PyObject *const *given, Py_ssize_t positional,
                           PyObject *names) {
  if (self->otherwise == NULL) {
    PyErr_SetString(PyExc_RuntimeError, "Recorder.__init__ was not called");
    return NULL;
  }
  PyObject *result = NULL;
  PyObject *keywords = NULL;
  PyObject *values = PyTuple_New(positional);
  for (Py_ssize_t i = 0; values != NULL && i < positional; i++) {
    Py_INCREF(given[i]);
    if (PyTuple_SetItem(values, i, given[i]) != 0) {
      goto done;
    }
  }
  if (values == NULL) {
    goto done;
  }
  if (names != NULL) {
    keywords = PyDict_New();
    if (keywords == NULL) {
      goto done;
    }
    for (Py_ssize_t i = 0; i < PyTuple_Size(names); i++) {
      if (PyDict_SetItem(keywords, PyTuple_GetItem(names, i), given[positional + i]) != 0) {
        goto done;
      }
    }
  }
  result = PyObject_Call(self->otherwise, values, keywords);

done:
  Py_XDECREF(values);
  Py_XDECREF(keywords);
  return result;
}

PyDoc_STRVAR(
    record_text,
    "record($self, /, operation_type, count=1)\n--\n\n"
    "Records ``count`` successful operations, done now.\n\n"
    "Never blocks. Once it returned, the operations are counted exactly once, even if the\n"
    "process is killed in the next instant. Works in a forked process too.\n\n"
    "Raises LTSError: -20301 if the license is closed, -20310 for an unknown operation type,\n"
    "-20300 for a negative count; nothing is counted then.");

static PyObject *record(PyObject *object, PyObject *const *given, Py_ssize_t positional,
                        PyObject *names) {
  const Recorder *self = (const Recorder *)object;
  int32_t operation_type;
  int32_t count;
  /* Holds the interpreter's lock: the call takes less time than giving it away. */
  if (self->record == NULL || !arguments(given, positional, names, &operation_type, &count) ||
      self->record(self->license, operation_type, count) != 0) {
    return otherwise(self, given, positional, names);
  }
  Py_RETURN_NONE;
}

static int initialize(PyObject *object, PyObject *given, PyObject *keywords) {
  Recorder *self = (Recorder *)object;
  unsigned long long address;
  long long license;
  PyObject *by_ctypes;
  if (keywords != NULL && PyDict_Size(keywords) != 0) {
    PyErr_SetString(PyExc_TypeError, "Recorder takes no keyword arguments");
    return -1;
  }
  if (!PyArg_ParseTuple(given, "KLO:Recorder", &address, &license, &by_ctypes)) {
    return -1;
  }
  PyObject *former = self->otherwise;
  Py_INCREF(by_ctypes);
  self->otherwise = by_ctypes;
  self->license = license;
  self->record = (RecordOperation)(uintptr_t)address;
  Py_XDECREF(former);
  return 0;
}

static void deallocate(PyObject *object) {
  PyTypeObject *type = Py_TYPE(object);
  Py_XDECREF(((Recorder *)object)->otherwise);
  ((freefunc)PyType_GetSlot(type, Py_tp_free))(object);
  Py_DECREF(type);
}

static PyMethodDef methods[] = {
    {"record", (PyCFunction)(void (*)(void))record, METH_FASTCALL | METH_KEYWORDS, record_text},
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(recorder_text,
             "Recorder(address, license, otherwise)\n--\n\n"
             "Records by calling the function at that address; what does not succeed is left to\n"
             "``otherwise``, called with the same arguments.");

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)recorder_text},
    {Py_tp_init, (void *)initialize},
    {Py_tp_dealloc, (void *)deallocate},
    {Py_tp_methods, methods},
    {0, NULL},
};

static PyType_Spec specification = {
    .name = "openlts._record.Recorder",
    .basicsize = sizeof(Recorder),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .slots = slots,
};

static int execute(PyObject *module) {
  PyObject *type = PyType_FromSpec(&specification);
  if (type == NULL) {
    return -1;
  }
  const int failed = PyModule_AddObjectRef(module, "Recorder", type);
  Py_DECREF(type);
  return failed;
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, (void *)execute},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "openlts._record",
    .m_doc = "The fast way to record; see recorder.py.",
    .m_slots = module_slots,
};

PyMODINIT_FUNC PyInit__record(void) { return PyModuleDef_Init(&definition); }
